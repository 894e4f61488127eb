import Testing

@testable import ProviderRegistry

@Suite struct WeightVectorTests {
    private func vector(_ entries: String) throws -> WeightVector {
        guard case .weights(let vector) = try RegistryFormat.serverset.read("vector_1", Array(#"{"vector":[\#(entries)]}"#.utf8)) else {
            throw ProviderDocument.Rejection.notAnObject
        }
        return vector
    }

    private func service(_ vectors: WeightVector...) throws -> Service {
        var service = Service()
        for number in 1...3 {
            let host = try #require(ProviderHost("10.0.0.\(number)"))
            let details = ProviderDetails(attributes: ["shard": String(number % 2)])
            service.registrations[InstanceName("member_\(number)")] = Registration(
                creationZxid: Int64(number), provider: Provider(host: host, port: 80, details: details))
        }
        for (number, vector) in vectors.enumerated() { service.weights[InstanceName("vector_\(number)")] = vector }
        return service
    }

    private func weights(_ service: Service) -> [UInt16] { MergedService([service]).members.map(\.provider.weight) }

    @Test func `without vectors weights stay as they are`() throws { #expect(weights(try service()) == [1, 1, 1]) }

    @Test func `all factors for a member count, of all vectors`() throws {
        let first = try vector(#"{"select":"inet=10.0.0.1:80","weight":0.5,"priority":1},{"select":"shard=1","weight":2}"#)
        let second = try vector(#"{"select":"member=member_3","weight":4}"#)
        #expect(weights(try service(first)) == [100, 100, 200])
        #expect(weights(try service(first, second)) == [100, 100, 800])
    }

    @Test func `a factor of nothing gives weight 0, a small one weight 1, a huge one the most that there is`() throws {
        let vector = try vector(
            #"{"select":"member=member_1","weight":0},{"select":"member=member_2","weight":1e-9},{"select":"member=member_3","weight":1e999}"#
        )
        #expect(weights(try service(vector)) == [0, 1, 65535])
    }

    @Test func `what is no factor changes nothing`() throws {
        let vector = try vector(#"{"select":"member=member_1","weight":-1},{"select":"x=1","weight":5},{"select":"shard=1"},7"#)
        #expect(weights(try service(vector)) == [100, 100, 100])
    }

    @Test func `a vector of factors for more than 64 selections is refused`() throws {
        func entries(_ count: Int) -> String { (0..<count).map { #"{"select":"shard=\#($0)","weight":2}"# }.joined(separator: ",") }
        #expect(try vector(entries(64)).factors.count == 64)
        #expect(throws: ProviderDocument.Rejection.tooManyWeights) { try vector(entries(65)) }
        #expect(try vector(entries(64) + "," + entries(64)).factors.count == 64)
    }

    @Test func `the first eight vectors by name count`() throws {
        var service = try service()
        for number in 0..<10 { service.weights[InstanceName("vector_\(number)")] = try vector(#"{"select":"member=member_1","weight":2}"#) }
        #expect(weights(service) == [25600, 100, 100])
    }

    @Test func `a held member keeps its weight`() throws {
        let vector = try vector(#"{"select":"member=member_1","weight":3}"#)
        var service = try service(vector)
        let vanished = service.registrations.removeValue(forKey: "member_1")
        service.held = [HeldProvider(instance: "member_1", registration: try #require(vanished))]
        #expect(MergedService([service]).members.last?.provider.weight == 300)
    }
}
