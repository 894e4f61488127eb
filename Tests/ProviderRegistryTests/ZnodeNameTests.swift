import ProviderRegistry
import TestSupport
import Testing

@Suite struct ZnodeNameTests {
    private let uuid = "0a9b8c7d-1234-4fed-8000-ffffffffff09"

    @Test(arguments: [
        "0a9b8c7d-1234-4fed-8000-ffffffffff09", "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "0A9B8C7D-1234-4FED-8000-FFFFFFFFFF09", "0a9b8c7d01234-4fed-8000-ffffffffff09", "0a9b8c7d-1234-4fed-8000-ffffffffff0g", "",
        "first", "------------------------------------", "0a9b8c7d-1234-4fed-8000-ffffffffffü",
    ])
    func `a name is the text that it was made of`(_ text: String) {
        #expect(InstanceName(text).text == text)
        #expect(InstanceName(text) == InstanceName(text))
    }

    @Test func `a uuid in capitals is another znode`() {
        #expect(InstanceName(uuid) != InstanceName(uuid.uppercased()))
        #expect(Set([InstanceName(uuid), InstanceName(uuid.uppercased()), InstanceName(uuid)]).count == 2)
    }

    @Test func `names are ordered by their octets, uuids or not`() {
        let sorted: [String] = [
            "0", uuid, "0a9b8c7d-1234-4fed-8000-ffffffffff0a", "0a9b8c7d-1234-4fed-8000-ffffffffff0g", "0b",
            "1a9b8c7d-1234-4fed-8000-ffffffffff09",
        ]
        let names: [InstanceName] = sorted.reversed().map { InstanceName($0) }
        #expect(names.sorted().map(\.text) == sorted)
    }
}
