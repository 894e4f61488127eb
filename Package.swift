// swift-tools-version: 6.3
// 5  zoodns                      Commands/ Settings/ Serve/ Register/ Process/
// 4  ServerStatus  Explanation
// 3  ProviderRegistration  ProviderDiscovery  ZoneCompilation  HostResolution
// 3  DNSTransport  QueryLogging  QueryForwarding  ZoneTransfer
// 2  ZooKeeperClient  ProviderRegistry  DNSAuthority  DNSSecurity  QueryTap
// 1  CZooKeeper  CAres  CLinux  IPAddressing  Handoff
//
// A target depends on targets of lower rows, never on its own.
import PackageDescription

let package = Package(
    name: "zoodns",
    products: [
        .executable(name: "zoodns", targets: ["zoodns"]),
        .library(name: "ProviderRegistration", targets: ["ProviderRegistration"]),
        .library(name: "ProviderDiscovery", targets: ["ProviderDiscovery"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system", from: "1.6.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "CZooKeeper", providers: [.apt(["libzookeeper-mt-dev"])]),
        .systemLibrary(name: "CAres", pkgConfig: "libcares", providers: [.apt(["libc-ares-dev"])]),
        .systemLibrary(name: "CLinux"),
        .target(name: "IPAddressing"),
        .target(name: "Handoff"),

        .target(name: "ZooKeeperClient", dependencies: ["CZooKeeper", "IPAddressing", "Handoff", .logging]),
        .target(
            name: "ProviderRegistry", dependencies: ["IPAddressing", .product(name: "Crypto", package: "swift-crypto")]),
        .target(name: "DNSAuthority"),
        .target(name: "DNSSecurity", dependencies: [.product(name: "Crypto", package: "swift-crypto")]),
        .target(name: "QueryTap"),

        .target(
            name: "ProviderRegistration",
            dependencies: ["ZooKeeperClient", "ProviderRegistry", "Handoff", .logging, .lifecycle]),
        .target(
            name: "ProviderDiscovery",
            dependencies: [
                "ZooKeeperClient", "ProviderRegistry", "Handoff", .logging, .lifecycle,
                .product(name: "DequeModule", package: "swift-collections"), .product(name: "HeapModule", package: "swift-collections"),
            ]),
        .target(
            name: "ZoneCompilation",
            dependencies: [
                "ProviderRegistry", "DNSAuthority", "IPAddressing", "Handoff", .logging,
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
        .target(
            name: "HostResolution",
            dependencies: [
                "CAres", "CLinux", "DNSAuthority", "IPAddressing", "Handoff", .logging,
                .product(name: "DequeModule", package: "swift-collections"),
            ]),
        .target(
            name: "DNSTransport",
            dependencies: [
                "DNSAuthority", "CLinux", "IPAddressing", "Handoff", "QueryTap",
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
            ]),

        .target(
            name: "QueryForwarding",
            dependencies: [
                "CLinux", "DNSAuthority", "Handoff", "IPAddressing", .logging,
                .product(name: "DequeModule", package: "swift-collections"), .product(name: "HeapModule", package: "swift-collections"),
            ]),
        .target(name: "QueryLogging", dependencies: ["CLinux", "DNSAuthority", "Handoff", "QueryTap", .logging]),
        .target(name: "ZoneTransfer", dependencies: ["DNSAuthority", "DNSSecurity", "CLinux", "Handoff", "IPAddressing", .logging]),

        .target(
            name: "Explanation",
            dependencies: [
                "DNSAuthority", "Handoff", "HostResolution", "IPAddressing", "ProviderRegistry", "ZoneCompilation", "ZooKeeperClient",
            ]),

        .target(
            name: "ServerStatus",
            dependencies: [
                "DNSAuthority", "DNSTransport", "Handoff", "IPAddressing", "ProviderRegistry", "QueryForwarding", "QueryLogging",
                "QueryTap", "ZoneCompilation", "ZooKeeperClient",
                .logging, .lifecycle, .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Hummingbird", package: "hummingbird"), .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
            ],
            resources: [.embedInCode("Page")]),

        .executableTarget(
            name: "zoodns",
            dependencies: [
                "CLinux", "DNSAuthority", "DNSTransport", "Explanation", "Handoff", "HostResolution", "IPAddressing", "ProviderDiscovery",
                "DNSSecurity", "ProviderRegistration", "ProviderRegistry", "QueryForwarding", "QueryLogging", "QueryTap", "ServerStatus",
                "ZoneCompilation", "ZoneTransfer", "ZooKeeperClient", .logging,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "DequeModule", package: "swift-collections"),
                .lifecycle,
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ]),

        .executableTarget(
            name: "ZoneBenchmark", dependencies: ["ZoneCompilation", "ProviderRegistry", "DNSAuthority", "IPAddressing", .logging],
            path: "Tests/Benchmarks/ZoneBenchmark"),
        .target(
            name: "TestSupport", dependencies: ["DNSAuthority", "IPAddressing", "ProviderRegistry", "ZoneCompilation", .logging],
            path: "Tests/TestSupport"),
        .testTarget(name: "IPAddressingTests", dependencies: ["IPAddressing"]),
        .testTarget(name: "HandoffTests", dependencies: ["Handoff"]),
        .testTarget(name: "ZooKeeperClientTests", dependencies: ["ZooKeeperClient", "TestSupport", .logging]),
        .testTarget(name: "ProviderRegistryTests", dependencies: ["ProviderRegistry", "TestSupport"]),
        .testTarget(
            name: "DNSAuthorityTests", dependencies: ["DNSAuthority", "IPAddressing", "ProviderRegistry", "TestSupport"],
            exclude: ["Scenarios"]),
        .testTarget(
            name: "ProviderRegistrationTests",
            dependencies: ["ProviderRegistration", "ProviderRegistry", "ZooKeeperClient", "TestSupport", .logging, .lifecycle]),
        .testTarget(
            name: "ProviderDiscoveryTests",
            dependencies: ["ProviderDiscovery", "ProviderRegistry", "ZooKeeperClient", "TestSupport", .logging]),
        .testTarget(
            name: "ZoneCompilationTests",
            dependencies: ["ZoneCompilation", "DNSAuthority", "IPAddressing", "ProviderRegistry", "TestSupport", .logging]),
        .testTarget(
            name: "HostResolutionTests", dependencies: ["HostResolution", "DNSAuthority", "IPAddressing", "TestSupport", .logging]),
        .testTarget(name: "DNSTransportTests", dependencies: ["DNSTransport", "DNSAuthority", "IPAddressing", "TestSupport"]),
        .testTarget(name: "QueryForwardingTests", dependencies: ["QueryForwarding", "DNSAuthority", "IPAddressing", "TestSupport"]),
        .testTarget(
            name: "QueryLoggingTests", dependencies: ["DNSAuthority", "Handoff", "QueryLogging", "QueryTap", "TestSupport", .logging]),
        .testTarget(name: "DNSSecurityTests", dependencies: ["DNSSecurity", "IPAddressing", "TestSupport"]),
        .testTarget(
            name: "ZoneTransferTests",
            dependencies: ["ZoneTransfer", "DNSAuthority", "DNSSecurity", "DNSTransport", "IPAddressing", "TestSupport"]),
        .testTarget(name: "ConformanceTests", dependencies: ["DNSAuthority", "ProviderRegistry", "TestSupport"]),
        .testTarget(
            name: "ExplanationTests",
            dependencies: [
                "Explanation", "DNSAuthority", "IPAddressing", "ProviderRegistry", "TestSupport", "ZoneCompilation", "ZooKeeperClient",
            ]),
        .testTarget(
            name: "ServerStatusTests",
            dependencies: [
                "ServerStatus", "DNSAuthority", "IPAddressing", "ProviderRegistry", "TestSupport", .logging,
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
        .testTarget(
            name: "zoodnsTests",
            dependencies: [
                "zoodns", "Explanation", "DNSAuthority", "IPAddressing", "ProviderRegistry", "ServerStatus", "TestSupport",
                "ZoneCompilation", "ZoneTransfer", "ZooKeeperClient",
                .product(name: "Configuration", package: "swift-configuration"),
            ]),
        .testTarget(
            name: "IntegrationTests", dependencies: ["TestSupport", "IPAddressing", "zoodns"],
            exclude: ["namespace", "host-names", "programs"]),
        .testTarget(name: "ArchitectureTests", dependencies: ["TestSupport"]),
    ],
    swiftLanguageModes: [.v6]
)

extension Target.Dependency {
    static let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
}
