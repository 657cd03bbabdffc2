/** The look of the report: the pages' colours (player/shell/theme.css), without anything from outside. */
export const REPORT_STYLE = `
:root{color-scheme:light dark;--paper:light-dark(#faf9f7,#0e1014);--surface:light-dark(#fff,#16191f);--ink:light-dark(#17191e,#eceef2);
--soft:light-dark(#555b66,#a6adba);--line:light-dark(#e2e1dd,#2a2f38);--good:light-dark(#0a6a4d,#62d6aa);--bad:light-dark(#b0261d,#ff968c);
--warn:light-dark(#7f5200,#f3c452);--good-wash:light-dark(#e3f4ed,#12302a);--bad-wash:light-dark(#fdecea,#35191a);--warn-wash:light-dark(#fdf3dc,#2e2610);
--font:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",Arial,sans-serif}
*{box-sizing:border-box}
body{margin:0 auto;padding:2rem 1.25rem 4rem;max-width:76rem;background:var(--paper);color:var(--ink);font:1rem/1.5 var(--font);font-variant-numeric:tabular-nums}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 .25rem}
h2{font-size:1.25rem;margin:2.5rem 0 .5rem;padding-top:.75rem;border-top:1px solid var(--line)}
h3{font-size:1rem;margin:1.25rem 0 .25rem}
p{max-width:68ch;margin:.25rem 0 .75rem}.soft,figcaption{color:var(--soft)}
.tag{font-size:.75rem;font-weight:600;border:1px solid var(--line);border-radius:6px;padding:.05rem .4rem;color:var(--soft);white-space:nowrap}
.strip{display:flex;flex-wrap:wrap;gap:.75rem;margin:1.25rem 0}
.card{flex:1 1 11rem;background:var(--surface);border:1px solid var(--line);border-left-width:5px;border-radius:10px;padding:.75rem 1rem}
.card b{display:block;font-size:1.4rem;line-height:1.2}.card span{color:var(--soft);font-size:.875rem}
.card.pass{border-left-color:var(--good)}.card.fail{border-left-color:var(--bad)}.card.unsure{border-left-color:var(--warn)}
.verdict{font-weight:600;white-space:nowrap;padding:.1rem .45rem;border-radius:6px}
.verdict.pass{color:var(--good);background:var(--good-wash)}.verdict.fail{color:var(--bad);background:var(--bad-wash)}
.verdict.unsure{color:var(--warn);background:var(--warn-wash)}.verdict.not-run{color:var(--soft);font-weight:400}
.wide{overflow-x:auto}.whole,th[scope=row]{white-space:nowrap}.stack{display:grid;gap:1rem}table{border-collapse:collapse;font-size:.875rem;width:100%}
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}
th{color:var(--soft);font-weight:600}td.figure,th.figure{text-align:right;white-space:nowrap}
td.heat{text-align:right;white-space:nowrap;background:color-mix(in oklab,var(--bad) calc(var(--far)*11%),var(--surface))}td.best{font-weight:700;color:var(--good)}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(19rem,1fr));gap:1rem}
figure{margin:0;background:var(--surface);border:1px solid var(--line);border-radius:10px;padding:.75rem;min-width:0;break-inside:avoid}
figcaption{font-size:.875rem;margin-bottom:.35rem}figcaption b{color:var(--ink)}
svg{display:block;width:100%;height:auto;font:11px var(--font)}text{fill:var(--ink)}text.soft{fill:var(--soft)}text.end{text-anchor:end}text.mid{text-anchor:middle}
text.soft.end,text.end.soft{text-anchor:end}.axis{stroke:var(--line)}.zero{stroke:var(--soft);stroke-dasharray:3 3}.allowed{fill:var(--good);opacity:.13}
.whisker{stroke:var(--c,var(--ink));stroke-width:2}.dot{fill:var(--c,var(--ink));stroke:var(--surface);stroke-width:1.5}.curve{fill:none;stroke:var(--c);stroke-width:2}
.better{stroke:var(--good);fill:var(--good)}.worse{stroke:var(--bad);fill:var(--bad)}.even{stroke:var(--soft);fill:var(--soft)}
.band{fill:var(--bad);opacity:.2}.fault{fill:var(--warn);opacity:.25}.buffer{fill:var(--soft);opacity:.35}.lane{fill:var(--line);opacity:.4}
.part{fill:var(--c);stroke:var(--surface);stroke-width:1}.attempt{fill:var(--c)}.lost{fill:var(--bad)}.stopped{fill:var(--soft);opacity:.7}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1rem;margin:.25rem 0 .75rem;padding:0;font-size:.875rem}
.legend i{display:inline-block;width:.75rem;height:.75rem;border-radius:3px;background:var(--c);margin-right:.4rem;vertical-align:-1px}
details{background:var(--surface);border:1px solid var(--line);border-radius:10px;margin:.5rem 0;padding:0 .75rem}
summary{padding:.6rem 0;cursor:pointer;min-height:2.75rem}details[open]{padding-bottom:.75rem}
.is-smart{--c:light-dark(#4a4fc4,#aab0ff)}.is-naive{--c:light-dark(#98480f,#f2ab78)}.is-nearest{--c:light-dark(#00795a,#35c79e)}.is-random{--c:light-dark(#7a7f88,#8d949f)}
.is-original{--c:light-dark(#a03d78,#e08fc0)}.is-hls-default{--c:light-dark(#0072b2,#56b4e9)}.is-hls-tuned{--c:light-dark(#00464f,#8ad8e4)}
.is-other-0{--c:light-dark(#8a6d00,#e0c341)}.is-other-1{--c:light-dark(#5d5d8f,#a9a9e0)}.is-other-2{--c:light-dark(#4f6b1f,#a9cf6a)}.is-other-3{--c:light-dark(#8f2f2f,#ef9a9a)}
.node-1{--c:#e69f00}.node-2{--c:#56b4e9}.node-3{--c:#009e73}.node-4{--c:light-dark(#c9bb1e,#f0e442)}.node-5{--c:#d55e00}.node-6{--c:#cc79a7}.node-7{--c:light-dark(#0072b2,#3a9ad9)}
@media print{:root{color-scheme:light}body{max-width:none;padding:0;font-size:10pt}h2{break-after:avoid}.grid{grid-template-columns:repeat(2,1fr)}.wide{overflow:visible}table{font-size:8pt}a{color:inherit}*{print-color-adjust:exact}}
.promise{display:inline-block;min-width:13rem;max-width:24rem;margin-right:.25rem}
@media (max-width:44rem){body{padding:1rem .75rem}h1{font-size:1.4rem}
table.rows,.rows tbody,.rows tr{display:block}.rows thead{display:block;position:absolute;inline-size:1px;block-size:1px;overflow:hidden;clip-path:inset(50%)}
.rows tr{padding:.5rem 0;border-bottom:1px solid var(--line)}.rows td{display:grid;grid-template-columns:6rem minmax(0,1fr);border:0;padding:.1rem 0;overflow-wrap:anywhere}
.rows td::before{content:attr(data-name);color:var(--soft)}.rows td:first-child{display:block;font-weight:600;padding-bottom:.25rem}.rows td:first-child::before{content:none}
.rows td:empty{display:none}.promise{min-width:0;max-width:none}.rows td .verdict,.rows td>b{justify-self:start}}
`;
