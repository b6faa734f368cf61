import ShipitCore
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `The rank test` {
    struct Known: Sendable {
        var values: [Double]
        var baseline: [Double]
        var u: Double
        var p: Double

        init(_ values: [Double], _ baseline: [Double], u: Double, p: Double) {
            (self.values, self.baseline, self.u, self.p) = (values, baseline, u, p)
        }
    }

    /// What scipy 1.16 says: `mannwhitneyu(…, alternative="two-sided")`, exact for the first three.
    static let known = [
        Known(
            [1.1, 2.2, 3.3],
            [4.4, 5.5, 6.6, 7.7],
            u: 0.0, p: 0.05714285714285714),
        Known(
            [12, 15, 11, 18, 20],
            [10, 9, 14, 8],
            u: 18.0, p: 0.06349206349206349),
        Known(
            [0.31, 0.12, 0.55, 0.71, 0.9, 0.44],
            [0.2, 0.6, 0.3, 0.8, 0.1, 0.05, 0.15, 0.25],
            u: 35.0, p: 0.18115218115218118),
        Known(
            [5, 5, 6, 7, 8, 8, 9],
            [1, 2, 5, 5, 6, 7],
            u: 34.0, p: 0.06899043148251459),
        Known(
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1],
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            u: 264.0, p: 0.12481556735166649),
        Known(
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1],
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
            u: 290.0, p: 0.04971916828570073),
        Known(
            [3, 3, 3, 3, 3, 3, 3, 3, 3, 3],
            [3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3],
            u: 60.0, p: 1.0),
        Known(
            [
                0.192, 0.215, 0.193, 0.191, 0.172, 0.194, 0.233, 0.213, 0.231, 0.207, 0.212, 0.206, 0.15, 0.226, 0.215,
                0.215, 0.149, 0.148, 0.173, 0.186,
            ],
            [
                0.199, 0.189, 0.206, 0.171, 0.199, 0.202, 0.17, 0.242, 0.207, 0.226, 0.171, 0.168, 0.18, 0.187, 0.209,
                0.197, 0.177, 0.161, 0.174, 0.227, 0.166, 0.197, 0.203, 0.145,
            ],
            u: 285.5, p: 0.28867440241396025),
        Known(
            [
                0.301, 0.339, 0.24, 0.29, 0.297, 0.275, 0.315, 0.298, 0.256, 0.325, 0.32, 0.328, 0.343, 0.311, 0.304,
                0.261, 0.318, 0.282, 0.286, 0.262,
            ],
            [
                0.199, 0.189, 0.206, 0.171, 0.199, 0.202, 0.17, 0.242, 0.207, 0.226, 0.171, 0.168, 0.18, 0.187, 0.209,
                0.197, 0.177, 0.161, 0.174, 0.227, 0.166, 0.197, 0.203, 0.145,
            ],
            u: 479.0, p: 1.8865738315226012e-08),
        Known(
            [
                0.154, 0.127, 0.199, 0.101, 0.063, 0.098, 0.089, 0.065, 0.07, 0.195, 0.098, 0.048, 0.094, 0.087, 0.15,
                0.065, 0.104, 0.14, 0.159, 0.116, 0.053, 0.1, 0.117, 0.079, 0.152, 0.098, 0.119, 0.128, 0.113, 0.189,
                0.139, 0.141, 0.415, 0.378, 0.098, 0.154, 0.112, 0.387, 0.083, 0.119,
            ],
            [
                0.063, 0.057, 0.225, 0.205, 0.081, 0.08, 0.322, 0.194, 0.213, 0.167, 0.054, 0.216, 0.023, 0.14, 0.076,
                0.083, 0.156, 0.071, 0.158, 0.082, 0.065, 0.078, 0.088, 0.234, 0.048, 0.111, 0.113, 0.104, 0.065, 0.171,
                0.081, 0.138, 0.051, 0.082, 0.178, 0.138, 0.209, 0.135, 0.115, 0.102, 0.08, 0.442, 0.185, 0.272, 0.155,
                0.062, 0.068, 0.039, 0.13, 0.093, 0.066, 0.113, 0.076, 0.12, 0.06, 0.138, 0.07, 0.088, 0.052, 0.16,
            ],
            u: 1329.0, p: 0.36587129071120317),
    ]

    @Test(arguments: known) func `says what an independent implementation says`(known: Known) throws {
        let test = try #require(RankTest(known.values, against: known.baseline.sorted()))
        #expect(test.u == known.u)
        #expect(abs(test.p - known.p) <= 1e-9 * known.p)
        #expect(test.count == known.values.count && test.baselineCount == known.baseline.count)
    }

    @Test func `tells how large an effect is, whatever the scale`() throws {
        #expect(try #require(RankTest([3, 4], against: [1, 2])).effect == 1)
        #expect(try #require(RankTest([1, 2], against: [3, 4])).effect == -1)
        #expect(try #require(RankTest([1, 1], against: [1, 1])).effect == 0)
        #expect(try #require(RankTest([1, 9], against: [5])).effect == 0)
    }

    @Test func `says nothing about nothing`() {
        #expect(RankTest([], against: [1]) == nil)
        #expect(RankTest([1], against: []) == nil)
    }
}
