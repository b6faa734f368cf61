import ArgumentParser
import ShipitCore

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Look whether this machine and this project are fit for deploying.")

    @OptionGroup var place: PlaceOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let findings = await Doctor(place: try place.place()).examine()
        switch output.output {
        case .text:
            Streams().result(
                findings.map { finding in
                    "\(TextWidth.padded(finding.state.rawValue, to: 7))  \(TextWidth.padded(finding.subject, to: 12))  "
                        + SafeText.line(finding.words) + "\n"
                }.joined())
        case .json:
            let values = findings.map { finding in
                JSONValue.members([
                    "subject": .string(finding.subject), "state": .string(finding.state.rawValue),
                    "words": .string(finding.words),
                ])
            }
            Streams().result(JSONValue.array(values).pretty + "\n")
        }
        try RunEnd.leave(with: findings.contains { $0.state == .bad } ? 1 : 0)
    }
}
