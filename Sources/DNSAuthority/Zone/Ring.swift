/// A ring of 2³² places on which records and clients lie, each where a hash of its name or address says: the same in every server.
package enum Ring {
    /// The place of some octets. O(octets). FNV-1a, its bits mixed as MurmurHash3 does at the end.
    package static func place(of octets: UnsafeRawBufferPointer) -> UInt32 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for octet in octets { hash = (hash ^ UInt64(octet)) &* 0x100_0000_01B3 }
        hash = (hash ^ hash >> 33) &* 0xFF51_AFD7_ED55_8CCD
        hash = (hash ^ hash >> 33) &* 0xC4CE_B9FE_1A85_EC53
        return UInt32(truncatingIfNeeded: hash >> 32)
    }
}
