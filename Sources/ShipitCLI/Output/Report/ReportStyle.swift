/// How the HTML report looks.
enum ReportStyle {
    static let text = """
        :root{--ground:#fff;--letters:#1b1f24;--faint:#59636e;--rule:#d5dae0;--soft:#f4f6f8;--good:#1a7f37;--bad:#c62828;\
        --back:#9a5b00;--open:#0b62c4;--link:#0b62c4}
        @media (prefers-color-scheme:dark){:root{--ground:#0d1117;--letters:#e6edf3;--faint:#9aa4ae;--rule:#30363d;\
        --soft:#161b22;--good:#4cc069;--bad:#ff7b72;--back:#e3a33f;--open:#6cb1ff;--link:#6cb1ff}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--ground);color:var(--letters);font:15px/1.5 system-ui,-apple-system,"Segoe UI",\
        Roboto,"Helvetica Neue",Arial,sans-serif}
        main,footer{max-width:1180px;margin:0 auto;padding:0 20px}
        header{padding:28px 0 4px}
        h1{font-size:26px;line-height:1.25;margin:0 0 10px;overflow-wrap:anywhere}
        h2{font-size:18px;margin:34px 0 10px;padding-top:14px;border-top:1px solid var(--rule)}
        h3{font-size:15px;margin:18px 0 6px}small{color:var(--faint);font-weight:400}
        .badge{display:inline-block;margin:0;padding:3px 12px;border-radius:14px;border:1.5px solid;font-weight:600}
        .good{color:var(--good)}.bad{color:var(--bad)}.back{color:var(--back)}.open{color:var(--open)}
        .why{overflow-wrap:anywhere}
        dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(300px,1fr));gap:8px 24px;margin:16px 0 0}
        dl div{min-width:0}dt{color:var(--faint);font-size:13px}dd{margin:0;overflow-wrap:anywhere}
        code,pre,td,dd{font-variant-numeric:tabular-nums}
        code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:13px}
        code{overflow-wrap:anywhere}
        pre{background:var(--soft);border:1px solid var(--rule);border-radius:6px;padding:10px 12px;overflow-x:auto;margin:0}
        pre.text{white-space:pre-wrap;overflow-wrap:anywhere}
        .wide{overflow-x:auto}.wide img{max-width:100%;height:auto}
        table{border-collapse:collapse;width:100%;margin:6px 0 10px;font-size:14px}
        th{text-align:left;color:var(--faint);font-weight:500;font-size:13px}
        th,td{padding:5px 14px 5px 0;border-bottom:1px solid var(--rule);vertical-align:top}
        td{overflow-wrap:break-word}
        td:last-child{min-width:120px}
        .mark{font-weight:600;white-space:nowrap}.mark.passed{color:var(--good)}.mark.failed{color:var(--bad)}
        .mark.warning,.mark.waived,.mark.signed-off{color:var(--back)}.mark.none{color:var(--faint)}
        .legend{color:var(--faint);font-size:13px;margin:4px 0 10px}
        summary{cursor:pointer;color:var(--faint);margin:8px 0}
        ul{margin:4px 0;padding-left:22px}
        footer{color:var(--faint);font-size:13px;margin-top:40px;padding-bottom:28px}
        .plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,480px),1fr));gap:16px;margin:14px 0}
        figure{margin:0;min-width:0}figcaption{font-size:13px;color:var(--faint);overflow-wrap:anywhere}
        svg{display:block;width:100%;height:auto}svg text{fill:var(--letters);font-size:12px;font-family:inherit}
        svg .faint{fill:var(--faint)}svg .grid{stroke:var(--rule)}svg .limit{stroke:var(--bad);stroke-dasharray:5 4}
        svg .limit.warns{stroke:var(--back)}svg .baseline{stroke:var(--good);stroke-dasharray:2 3}svg .band{fill:var(--letters);fill-opacity:.05}svg .band.undo{fill:var(--bad);\
        fill-opacity:.1}svg .sample{stroke:var(--faint);stroke-width:2.4;stroke-linecap:round;fill:none;stroke-opacity:.75}
        svg .trace{fill:none;stroke-width:1.6;stroke:var(--open)}svg .trace.second{stroke:var(--good)}\
        svg .trace.third{stroke:var(--back)}svg .failure{stroke:var(--bad);stroke-width:2}svg .breach{stroke:var(--bad);\
        stroke-width:2}svg .key{font-size:11px;paint-order:stroke;stroke:var(--ground);stroke-width:3px}svg .key.first{fill:var(--open)}svg .key.second{fill:var(--good)}\
        svg .key.third{fill:var(--back)}svg .key.bad{fill:var(--bad)}
        .timeline{min-width:720px}
        .bar{stroke-width:1}.bar.succeeded{fill:var(--good)}.bar.failed{fill:var(--bad)}.bar.other{fill:var(--back)}
        .bar.running{fill:var(--open)}.bar.undo{fill-opacity:.28;stroke:var(--good)}.bar.undo.failed{stroke:var(--bad)}
        .bar.undo.other{stroke:var(--back)}.bar.undo.running{stroke:var(--open)}.bar.finally{fill-opacity:.55}
        .moment{stroke:var(--back);stroke-dasharray:4 3}
        @media print{body{font-size:12px}h2{break-after:avoid}section{break-inside:auto}}
        """
}
