import TestSupport
import Testing

@Suite struct RFC9619Tests {
    @Test(arguments: [0, 2, 3, 65_535]) func `§4 a query has exactly one question`(_ count: Int) throws {
        let question = QueryOctets.question("second.svc.local", 1)
        let response = try Ask.response(QueryOctets.header(count, 0, 0, 0) + (count == 0 ? [] : question + (count == 1 ? [] : question)))
        #expect(response.code == "FORMERR")
        #expect(response.questions == [])
    }
}
