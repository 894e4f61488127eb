import FoundationEssentials
import Hummingbird
import QueryLogging
import QueryTap

/// `/querylog`: which queries are logged, to be read and changed; `/top`: what is asked most.
package struct QueryRoutes: RouteGroup {
    private let observer: QueryObserver

    /// Questions of `/top`.
    private static let mostQuestions = 20

    package init(_ observer: QueryObserver) { self.observer = observer }

    package func add(to router: Router<BasicRequestContext>) {
        router.get("querylog") { _, _ in try show() }
        router.put("querylog") { request, _ in try change(request.uri.queryParameters) }
        router.get("top") { _, _ in try top() }
    }

    private struct Selection: Encodable {
        let on: Bool
        let every: UInt32
        let `class`: String
        let dropped: Int
    }

    private struct Question: Encodable {
        let name: String
        let type: String
        let queriesPerSecond: Double
    }

    private func show() throws -> Response {
        guard let selection = observer.selection else { return .text("no query log: start with --query-log\n", status: .notFound) }
        return try .json(
            Selection(
                on: selection.isOn, every: selection.every, class: "\(selection.responseClass)", dropped: observer.droppedLines))
    }

    /// Changes what the parameters `on`, `every` and `class` name. Parameters rather than a body: nothing has to be read and bounded.
    private func change(_ parameters: Parameters) throws -> Response {
        guard var selection = observer.selection else { return try show() }
        for (name, value) in parameters {
            switch name {
            case "on":
                guard let isOn = Bool(String(value)) else { return Self.refusal }
                selection.isOn = isOn
            case "every":
                guard let every = UInt32(value), every > 0 else { return Self.refusal }
                selection.every = every
            case "class":
                guard let named = ResponseClass.allCases.first(where: { "\($0)" == value }) else { return Self.refusal }
                selection.responseClass = named
            default: return Self.refusal
            }
        }
        observer.selection = selection
        return try show()
    }

    private static var refusal: Response {
        .text("on: true or false; every: a number from 1 on; class: all, denial or error\n", status: .badRequest)
    }

    private func top() throws -> Response {
        guard let top = observer.top else { return .text("nothing is sampled\n", status: .notFound) }
        return try .json(
            top.entries(Self.mostQuestions).map { Question(name: $0.name, type: $0.type, queriesPerSecond: $0.queriesPerSecond) })
    }
}
