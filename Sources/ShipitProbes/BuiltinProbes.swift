public import ShipitEngine

/// The probes that shipit brings.
public enum BuiltinProbes {
    public static func all() -> [any Probe] {
        [
            HTTPProbe(), TCPProbe(), TLSProbe(), DNSProbe(), PingProbe(), SMTPProbe(), RunProbe(), FileProbe(),
            LogProbe(),
            DiskProbe(), MemoryProbe(), CPUProbe(), ProcessProbe(), PortProbe(), GitProbe(), ReportProbe(),
            RedisProbe(), PostgreSQLProbe(), PrometheusProbe(), DockerProbe(), KubernetesProbe(),
        ]
    }

    /// Closes what the probes keep open; they may be used again afterwards.
    public static func shutdown() async { await HTTPClients.shared.shutdown() }
}
