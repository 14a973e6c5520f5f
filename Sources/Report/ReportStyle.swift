// How the page looks: one column of reading width, quiet colours that colour-blind readers can tell apart.

/// The page's style sheet. Blue, vermilion and green are those of Okabe and Ito (2008), in two lightnesses.
let reportStyle: HTML = """
    <style>
    :root {
      color-scheme: light dark;
      --paper: #ffffff; --panel: #f6f7f8; --ink: #1b1e23; --muted: #626a75; --rule: #e2e5e9; --grid: #edeff2;
      --first: #0068a8; --second: #c8500a; --third: #00805e; --fourth: #8a5c9e;
      --first-soft: #b5d5ea; --second-soft: #f3cdb4; --third-soft: #b4ddd0; --fourth-soft: #dccbe4;
    }
    @media (prefers-color-scheme: dark) { :root {
      --paper: #131519; --panel: #1b1e24; --ink: #e7e9ec; --muted: #9aa2ad; --rule: #2b3038; --grid: #23272e;
      --first: #62b4ec; --second: #f2935c; --third: #4fc7a3; --fourth: #c9a2da;
      --first-soft: #224a66; --second-soft: #63381f; --third-soft: #1d5041; --fourth-soft: #4c3a56;
    } }
    * { box-sizing: border-box; }
    html { font: 16px/1.55 Inter, ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif;
      -webkit-text-size-adjust: 100%; }
    body { margin: 0; background: var(--paper); color: var(--ink); font-variant-numeric: tabular-nums; }
    body > * { max-width: 60rem; margin-inline: auto; padding-inline: 1.5rem; }
    header { padding-top: 4rem; }
    .kicker { color: var(--muted); font-size: .8125rem; letter-spacing: .02em; margin: 0 0 .5rem; }
    h1 { font-size: 2.25rem; line-height: 1.15; letter-spacing: -.02em; font-weight: 650; margin: 0 0 .75rem;
      text-wrap: balance; overflow-wrap: anywhere; }
    h2 { font-size: 1.375rem; line-height: 1.25; letter-spacing: -.01em; font-weight: 650; margin: 0 0 .5rem; }
    h3 { font-size: .9375rem; font-weight: 600; margin: 0; }
    p { margin: 0 0 1rem; max-width: 42rem; text-wrap: pretty; }
    .lead { font-size: 1.0625rem; color: var(--muted); }
    a { color: inherit; text-decoration-color: var(--rule); text-underline-offset: .2em; }
    nav { margin-block: 2rem 0; font-size: .875rem; }
    nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; margin: 0; padding: .75rem 0;
      border-block: 1px solid var(--rule); }
    nav a { text-decoration: none; color: var(--muted); }
    nav a:hover { color: var(--ink); }
    section { padding-top: 3.5rem; }
    footer { padding-block: 4rem 3rem; font-size: .8125rem; color: var(--muted); }

    .headline { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: 1.75rem 1.5rem;
      margin: 2rem 0 0; padding: 0; }
    .headline div { border-top: 2px solid var(--first); padding-top: .625rem; }
    .headline .plain { border-color: var(--rule); }
    .headline dt { font-size: .8125rem; color: var(--muted); }
    .headline dd { margin: 0; }
    .headline .number { font-size: 2rem; line-height: 1.2; font-weight: 600; letter-spacing: -.02em; }
    .headline .note { font-size: .8125rem; color: var(--muted); }

    figure { margin: 1.75rem 0 0; }
    figcaption { margin-bottom: 1rem; }
    figcaption p { font-size: .875rem; color: var(--muted); margin: .125rem 0 0; }
    details { margin-top: .875rem; font-size: .8125rem; }
    summary { cursor: pointer; color: var(--muted); width: fit-content; }
    summary:hover { color: var(--ink); }
    .scroll { overflow-x: auto; margin-top: .625rem; }
    table { border-collapse: collapse; width: 100%; }
    th, td { text-align: left; padding: .3125rem .75rem .3125rem 0; border-bottom: 1px solid var(--rule);
      vertical-align: baseline; }
    th { font-weight: 500; color: var(--muted); white-space: nowrap; border-bottom-color: var(--muted); }
    .n { text-align: right; white-space: nowrap; padding-right: 1rem; }
    td.best { font-weight: 650; } td.second { text-decoration: underline; text-underline-offset: .2em; }

    .heat { width: auto; font-size: .8125rem; }
    .heat th, .heat td { border: 0; padding: 2px; text-align: center; vertical-align: middle; }
    .heat img { display: block; border-radius: .25rem; background: #000; }
    .heat td { min-width: 3.75rem; border-radius: .25rem;
      background: color-mix(in srgb, var(--first-soft) calc(var(--share) * 100%), var(--panel)); }

    .legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; margin: 0 0 .75rem; padding: 0;
      font-size: .8125rem; color: var(--muted); }
    .legend svg { width: 1.25rem; height: .625rem; margin-right: .4375rem; vertical-align: baseline; overflow: visible; }

    .rows { list-style: none; margin: 0; padding: 0; font-size: .875rem; --label: 20rem; --value: 8.5rem; }
    .rows li { display: grid; grid-template-columns: var(--label) minmax(0, 1fr) var(--value); column-gap: 1rem;
      align-items: center; min-height: 1.625rem; }
    .rows .label { overflow-wrap: anywhere; padding-left: 2.75rem; text-indent: -2.75rem; line-height: 1.35; }
    .rows .label b { font-weight: 600; display: inline-block; min-width: 2.75rem; text-indent: 0; }
    .rows .label span, .rows .value small { color: var(--muted); }
    .rows .value { text-align: right; white-space: nowrap; }
    .rows .value small { font-size: .8125rem; display: inline-block; min-width: 5.25em; text-align: right; }
    .rows .apart { margin-top: .75rem; }
    .rows svg { display: block; width: 100%; height: 1.625rem; overflow: visible; }
    .rows .less { color: var(--muted); font-size: .8125rem; min-height: 1.375rem; }
    .rows .less .label { padding-left: 1.25rem; text-indent: 0; }
    .rows .less svg { height: 1.375rem; }
    .rows .axis { min-height: 1.25rem; font-size: .75rem; color: var(--muted); }
    .ticks { position: relative; height: 1.25rem; grid-column: 2; }
    .ticks span { position: absolute; transform: translateX(-50%); white-space: nowrap; }

    .plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 2rem; }
    .plots.small { grid-template-columns: repeat(auto-fill, minmax(min(100%, 14rem), 1fr)); gap: 1.5rem 1.25rem; }
    .plots .rows { --label: 6rem; --value: 3rem; }
    .plot { display: grid; grid-template-columns: 2.75rem minmax(0, 1fr); font-size: .75rem; color: var(--muted); }
    .plot .name { grid-column: 1 / -1; margin-bottom: .625rem; overflow-wrap: anywhere; line-height: 1.35; }
    .plot .y { position: relative; }
    .plot .y span { position: absolute; right: .5rem; transform: translateY(50%); }
    .plot .area { height: 15rem; }
    .plot .ticks { margin-top: .25rem; }
    .plot .unit { grid-column: 2; text-align: center; }
    .plot svg { display: block; width: 100%; height: 100%; overflow: visible; }
    .square .area { height: auto; aspect-ratio: 1; }

    svg .grid { stroke: var(--grid); } svg .rule { stroke: var(--rule); } svg .zero { stroke: var(--muted); }
    svg .tick { stroke: var(--ink); stroke-width: 1.5; stroke-opacity: .7; }
    svg .mark { stroke: var(--muted); stroke-dasharray: 3 3; }
    svg path, svg line { vector-effect: non-scaling-stroke; }
    svg path { fill: none; stroke-width: 1.75; stroke-linejoin: round; stroke-linecap: round; }
    svg path.dashed { stroke-dasharray: 5 4; }
    svg .whisker { stroke-width: 1.5; }
    .c1 { stroke: var(--first); } .c2 { stroke: var(--second); } .c3 { stroke: var(--third); }
    .c4 { stroke: var(--fourth); } .c0 { stroke: var(--muted); }
    .f1 { fill: var(--first); } .f2 { fill: var(--second); } .f3 { fill: var(--third); } .f4 { fill: var(--fourth); }
    .f0 { fill: var(--muted); } .faint { fill-opacity: .45; }
    .s1 { fill: var(--first-soft); } .s2 { fill: var(--second-soft); } .s3 { fill: var(--third-soft); }
    .s4 { fill: var(--fourth-soft); } .s0 { fill: var(--rule); }

    .clips { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 26rem), 1fr)); gap: 1.5rem 1.25rem; }
    .clips.cropped { grid-template-columns: repeat(auto-fill, minmax(8.25rem, 1fr)); }
    .pair { display: flex; gap: 2px; background: #000; border-radius: .375rem; overflow: hidden; }
    .clip { overflow: hidden; flex: var(--aspect) 1 0; aspect-ratio: var(--aspect); background: #000; }
    .clip img { display: block; width: 100%; height: 100%; object-fit: cover; object-position: 0 0;
      animation: play calc(1s * var(--seconds)) steps(var(--frames), jump-none) infinite; }
    @keyframes play { to { object-position: 100% 0; } }
    .clips p { font-size: .8125rem; color: var(--muted); margin: .375rem 0 0; overflow-wrap: anywhere; }
    .toggle { font-size: .8125rem; color: var(--muted); display: inline-flex; gap: .5rem; align-items: center;
      margin-bottom: .75rem; }
    figure:has(.toggle input:not(:checked)) .clip img { animation-play-state: paused; }
    .when { font-size: .8125rem; color: var(--muted); margin: 1rem 0 .375rem; }
    .picture { display: block; max-width: 100%; height: auto; background: #000; border-radius: .375rem; }
    .settings { columns: 2 18rem; column-gap: 3rem; font-size: .8125rem; margin: 1.25rem 0 0; }
    .settings div { display: flex; justify-content: space-between; gap: 1rem; break-inside: avoid;
      border-bottom: 1px solid var(--rule); padding: .25rem 0; }
    .settings dt { color: var(--muted); } .settings dd { margin: 0; text-align: right; overflow-wrap: anywhere; }

    @media (max-width: 40rem) {
      html { font-size: 15px; }
      body > * { padding-inline: 1.125rem; }
      header { padding-top: 2rem; } section { padding-top: 2.75rem; }
      h1 { font-size: 1.75rem; }
      .headline { grid-template-columns: 1fr 1fr; gap: 1.25rem 1rem; }
      .headline .number { font-size: 1.625rem; }
      .rows li { grid-template-columns: minmax(0, 1fr) auto; row-gap: 0; padding-bottom: .375rem; }
      .rows svg { grid-row: 2; grid-column: 1 / -1; height: 1.125rem; }
      .rows .less svg { height: .875rem; }
      .rows .ticks { grid-column: 1 / -1; } .rows .axis > :first-child:empty { display: none; }
    }
    @media (prefers-reduced-motion: reduce) { .clip img { animation: none; } }
    @media print {
      :root { color-scheme: light; }
      html { font-size: 10pt; }
      nav, .toggle, summary { display: none; }
      header { padding-top: 0; } section { padding-top: 2rem; } .scroll { overflow: visible; }
      details::details-content { content-visibility: visible; block-size: auto; }
      figure, figcaption, .plot, .plots > *, .clips > *, .pair, .rows li, tr { break-inside: avoid; }
      /* A figure longer than a page would leave the page before it empty: it breaks between its rows. */
      figure:has(.rows li:nth-child(20)), figure:has(tbody tr:nth-child(20)) { break-inside: auto; }
      h2, figcaption, .legend { break-after: avoid; }
      .clip img { animation: none; }
      body { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
    }
    </style>
    """
