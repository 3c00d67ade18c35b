/**
 * The looks of the pages: calm, with the system's own letters, for light and dark, narrow screens and paper.
 *
 * @module
 */

import { DARK_COLOURS, GRAPH_RULES, LIGHT_COLOURS } from "../graph_style.ts";

const COLOURS = `:root{color-scheme:light dark;${LIGHT_COLOURS}--link:#1f5fbf;--focus:#2563c9}
@media (prefers-color-scheme:dark){:root:not([data-theme=light]){${DARK_COLOURS}--link:#8ab8ff;--focus:#8ab8ff}}
:root[data-theme=dark]{color-scheme:dark;${DARK_COLOURS}--link:#8ab8ff;--focus:#8ab8ff}
:root[data-theme=light]{color-scheme:light}`;

const FRAME = `*{box-sizing:border-box}
html{font-size:100%;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:.9375rem/1.55 ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,
"Helvetica Neue",sans-serif;overflow-wrap:anywhere}
a{color:var(--link);text-decoration:none}
a:hover,p a,.list .quiet a{text-decoration:underline;text-underline-offset:.18em;text-decoration-thickness:1px}
.above a,a.id{text-decoration:none}
a.id:hover{text-decoration:underline}
:focus-visible{outline:2px solid var(--focus);outline-offset:2px;border-radius:4px}
main:focus{outline:none}
.skip{position:absolute;left:-999px}
.skip:focus{left:1rem;top:.5rem;background:var(--card);padding:.4rem .8rem;z-index:2}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.top{display:flex;flex-wrap:wrap;align-items:center;gap:.25rem 1.5rem;padding:.75rem max(1.25rem,calc(50vw - 34.75rem));
background:var(--card);border-bottom:1px solid var(--line)}
.brand{display:flex;align-items:baseline;gap:.6rem;flex:1 1 10rem;min-width:0;white-space:nowrap}
.brand a{flex:none;max-width:70%;overflow:hidden;text-overflow:ellipsis}
.brand a{color:var(--ink);font-weight:650;font-size:1.0625rem;letter-spacing:-.01em}
.where{color:var(--muted);font-size:.8125rem;overflow:hidden;text-overflow:ellipsis}
nav[aria-label=Pages]{display:flex;gap:.25rem;margin-left:auto;flex-wrap:wrap}
nav[aria-label=Pages] a{color:var(--muted);padding:.3rem .7rem;border-radius:7px}
nav[aria-label=Pages] a:hover{color:var(--ink);background:var(--unknown-soft);text-decoration:none}
nav[aria-label=Pages] a[aria-current]{color:var(--ink);background:var(--unknown-soft);font-weight:600}
.tools{display:flex;gap:.25rem}
main{max-width:72rem;margin:0 auto;padding:1.75rem 1.25rem 3rem}
footer{max-width:72rem;margin:0 auto;padding:1rem 1.25rem 2rem;display:flex;justify-content:space-between;gap:1rem;
flex-wrap:wrap;color:var(--muted);font-size:.8125rem}
h1{font-size:1.5rem;line-height:1.3;letter-spacing:-.015em;font-weight:650;margin:0 0 1rem}
h2{font-size:1rem;font-weight:650;margin:0 0 .75rem}
section{margin:2rem 0 0}
p{margin:.4rem 0}
code,pre,kbd{font:.8125rem/1.6 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.quiet,.aside{color:var(--muted)}
.aside{font-weight:400;font-size:.8125rem;margin-left:.4rem}
.above{font-size:.8125rem;margin:0 0 .35rem}
.lead{font-size:1.0625rem;margin:-.5rem 0 1rem;color:var(--muted);max-height:12rem;overflow:auto}
.grow{flex:1}
.number{font-variant-numeric:tabular-nums}
time{font-variant-numeric:tabular-nums;white-space:nowrap}
.id{font-weight:600;font-variant-numeric:tabular-nums}
.line{display:inline-flex;align-items:center;gap:.35rem;flex-wrap:wrap;margin-right:.9rem}`;

const PARTS = `.sign{flex:none;vertical-align:-.2em}
.chip{display:inline-flex;align-items:center;gap:.35rem;padding:.05rem .55rem .05rem .35rem;border-radius:99px;font-size:.8125rem;
font-weight:550;white-space:nowrap;color:var(--unknown);background:var(--unknown-soft);vertical-align:middle}
.chip.applied{color:var(--applied);background:var(--applied-soft)}
.chip.pending{color:var(--pending);background:var(--pending-soft)}
.chip.running{color:var(--running);background:var(--running-soft)}
.chip.failed,.chip.missing,.chip.faulty{color:var(--failed);background:var(--failed-soft)}
.chip.blocked,.chip.changed{color:var(--blocked);background:var(--blocked-soft)}
h1 .chip{font-size:.875rem;letter-spacing:0;margin-left:.25rem}
.label{font-size:.75rem;padding:.05rem .45rem;border:1px solid var(--line);border-radius:99px;color:var(--muted);white-space:nowrap}
.need{display:inline-block;margin-right:.5rem}
*+.label{margin-left:.4rem}
code+code{margin-left:.5rem}
.tiles{display:flex;flex-wrap:wrap;gap:.6rem;list-style:none;margin:0 0 1rem;padding:0}
.tiles a{display:flex;align-items:center;gap:.45rem;padding:.55rem .9rem;background:var(--card);border:1px solid var(--line);
border-radius:10px;color:var(--muted)}
.tiles a:hover{border-color:var(--strong-line);text-decoration:none}
.tiles strong{color:var(--ink);font-size:1.125rem;font-variant-numeric:tabular-nums}
.halves{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(22rem,100%),1fr));gap:0 2.5rem}
.list{list-style:none;margin:0;padding:0}
.list li{display:grid;grid-template-columns:6.75rem 1fr;gap:.75rem;padding:.6rem 0;border-top:1px solid var(--line)}
.list .chip{justify-self:start;align-self:start}
.list li>span:last-child{min-width:0}
.plain{padding-left:1.4rem;margin:.4rem 0}
.plain li{padding:.1rem 0}
.note{border-left:3px solid var(--blocked);background:var(--blocked-soft);border-radius:0 8px 8px 0;padding:.55rem .9rem;margin:.6rem 0}
.note.failed{border-color:var(--failed);background:var(--failed-soft)}
.note .quiet{color:var(--ink);opacity:.82}
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(15rem,100%),1fr));gap:.7rem 1.5rem;margin:1rem 0}
.facts div{min-width:0}
.facts dt{color:var(--muted);font-size:.8125rem}
.facts dd{margin:0;font-variant-numeric:tabular-nums}
.long{font-size:.6875rem;color:var(--muted);display:block;line-height:1.35}
.walk{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.9rem 1.1rem;margin:0 0 .75rem}
.walk-head{display:flex;gap:.6rem;align-items:baseline}
.walk-head [data-live=state]{color:var(--running)}
.walk .facts{margin:.7rem 0 0;grid-template-columns:repeat(auto-fill,minmax(min(11rem,100%),1fr))}
progress{appearance:none;display:block;width:100%;height:8px;border:0;border-radius:99px;background:var(--unknown-soft);
overflow:hidden;margin:.6rem 0 0}
progress::-webkit-progress-bar{background:var(--unknown-soft)}
progress::-webkit-progress-value{background:var(--running);border-radius:99px;transition:width .4s}
progress::-moz-progress-bar{background:var(--running);border-radius:99px}
.wide{overflow-x:auto;margin:0 -1.25rem;padding:0 1.25rem}
table{border-collapse:collapse;width:100%}
th{text-align:left;white-space:nowrap;font-weight:550;font-size:.8125rem;color:var(--muted);padding:.4rem .9rem .4rem 0;border-bottom:1px solid var(--line)}
td{padding:.5rem .9rem .5rem 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:break-word}
td.text,.error-line{overflow-wrap:anywhere}
th:last-child,td:last-child{padding-right:0}
th.number,td.number{text-align:right;white-space:nowrap}
tbody tr:hover,tbody tr:focus-within{background:color-mix(in srgb,var(--unknown-soft) 55%,transparent)}
td .id{display:inline-block;max-width:22ch}
.error-line{color:var(--failed);font-size:.875rem;margin-left:.35rem;vertical-align:middle}
td .chip+.quiet{margin-left:.35rem;vertical-align:middle}
.search{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin:0 0 .5rem}
input,select,button{font:inherit;color:inherit;background:var(--card);border:1px solid var(--strong-line);border-radius:8px;padding:.32rem .7rem}
input[type=search]{width:min(22rem,70vw)}
button{cursor:pointer}
button:hover{background:var(--unknown-soft)}
.tools button,.zoom button{border-color:var(--line);padding:.2rem .6rem;min-width:2rem}
.pager{display:flex;justify-content:space-between;gap:1rem;margin:1rem 0}
.actions{margin:.4rem 0}
pre{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.8rem 1rem;margin:0;overflow:auto;max-height:36rem;
white-space:pre-wrap;tab-size:4}
.source code{counter-reset:row;display:block}
.source .row{counter-increment:row;display:block;padding-left:3.4rem;text-indent:-3.4rem}
.source .row::before{content:counter(row);display:inline-block;width:2.4rem;margin-right:1rem;text-align:right;color:var(--muted);
text-indent:0;user-select:none}
kbd{border:1px solid var(--line);border-bottom-width:2px;border-radius:5px;padding:0 .35rem;background:var(--card)}
dialog{border:1px solid var(--line);border-radius:12px;background:var(--card);color:var(--ink);padding:1.2rem 1.5rem}
dialog::backdrop{background:rgb(0 0 0/.35)}
.keys dl{display:grid;grid-template-columns:auto 1fr;gap:.35rem 1.2rem;margin:0 0 1rem}
.keys dd{margin:0}
.graph-bar{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center;margin:0 0 .75rem}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1rem;list-style:none;margin:0;padding:0;color:var(--muted);font-size:.8125rem}
.legend li{display:flex;gap:.35rem;align-items:center}
.zoom{display:inline-flex;gap:.25rem}
.zoom[hidden]{display:none}
.graph{overflow:auto;max-height:78vh;background:var(--card);border:1px solid var(--line);border-radius:12px;cursor:grab}
.graph svg{display:block;margin:0 auto}
.graph a:hover .dg-box{stroke-width:2.5}
.graph a:focus{outline:none}
.graph a:focus-visible .dg-box{stroke:var(--focus);stroke-width:3.5}
[hidden]{display:none!important}`;

const NARROW = `@media (max-width:44rem){
main{padding-top:1.1rem}
nav[aria-label=Pages]{margin-left:-.7rem;order:3;width:calc(100% + 1.4rem)}
nav[aria-label=Pages] a{padding:.3rem .6rem}
.tools{margin-left:auto}
.rows thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.rows,.rows tbody{display:block}
.rows tr{display:flex;flex-wrap:wrap;gap:.1rem .9rem;align-items:center;padding:.6rem 0;border-bottom:1px solid var(--line)}
.rows td{display:block;border:0;padding:0;min-width:0}
.rows td.text{flex:1 0 100%}
.rows td:empty{display:none}
.rows td.number{text-align:left}
.rows td.quiet{font-size:.8125rem}
.rows td.quiet[data-label=Needs]::before{content:"needs "}
.rows td.quiet[data-label=After]::before{content:"after "}
.rows td .id{max-width:none;overflow-wrap:anywhere}
.list li{grid-template-columns:1fr;gap:.25rem}
}`;

const PAPER = `@media print{
.tools,.search,.pager,.skip,.zoom,.actions,.screen-only,nav{display:none!important}
:root:root:root{color-scheme:light;${LIGHT_COLOURS}--link:#1c2127}
body{background:#fff;font-size:10pt}
.top{border-bottom:1pt solid #999}
main{max-width:none;padding-top:1rem}
pre,.graph{max-height:none;overflow:visible;border-color:#999}
.graph svg{max-width:100%;height:auto}
tr,.walk,.note{break-inside:avoid}
}
@media (prefers-reduced-motion:reduce){*{transition:none!important}}`;

export const STYLE = [COLOURS, FRAME, PARTS, GRAPH_RULES, NARROW, PAPER].join("\n");
