// The page from top to bottom.

import EchoCore

extension ReportPage {
    /// The whole page: no script, no network, all pictures inside.
    package var html: HTML {
        let links: [HTML] = sections.map { section in
            "<li><a href=\"#\(section.mark)\">\(section.title)</a></li>"
        }
        return htmlPage(
            HTML(title), policy: "default-src 'none'; img-src data:; style-src 'unsafe-inline'",
            head: reportStyle,
            body: """
                <header>
                <p class="kicker">echoprep report</p>
                <h1>\(title)</h1>
                \(headline(self))</header>
                <nav aria-label="Contents"><ul>\(links)</ul></nav>
                <main>
                \(sections.map(\.html))</main>
                <footer>
                <p>Made by echoprep \(programVersion). Pictures and numbers on this page come from the dataset, and its data \
                use agreement covers them.</p>
                </footer>
                """)
    }
}

/// A whole page that takes nothing from elsewhere.
///
/// - Parameters:
///   - policy: what the browser may load and run
///   - head: what else stands in its head
package func htmlPage(_ title: HTML, policy: HTML, head: HTML, body: HTML) -> HTML {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8"/>
    <meta name="viewport" content="width=device-width, initial-scale=1"/>
    <meta name="referrer" content="no-referrer"/>
    <meta http-equiv="Content-Security-Policy" content="\(policy)"/>
    <title>\(title)</title>
    \(head)
    </head>
    <body>
    \(body)
    </body>
    </html>

    """
}

extension ReportSection {
    fileprivate var mark: HTML { HTML(stringLiteral: Self.anchor) }

    fileprivate var html: HTML {
        """
        <section id="\(mark)">
        <h2>\(title)</h2>
        \(content)</section>

        """
    }
}
