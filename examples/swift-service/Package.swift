// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "swift-service",
    dependencies: [
        .package(name: "zoodns", path: "../.."),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .executableTarget(
            name: "swift-service",
            dependencies: [
                .product(name: "ProviderRegistration", package: "zoodns"),
                .product(name: "ProviderDiscovery", package: "zoodns"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            path: "Sources")
    ],
    swiftLanguageModes: [.v6]
)
