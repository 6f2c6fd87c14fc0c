/**
 * One rule for each way that stacks are written. A line fits a rule when it passes `hint`, a cheap first look, and
 * `shape`; groups `fn` and `file` say where it was. Shapes are anchored, and lines are cut before they are matched.
 */
export interface FrameRule {
  name: string;
  hint: string;
  shape: RegExp;
  /** Innermost frame last, as in Python. */
  innermostLast?: boolean;
}

export const frameRules: readonly FrameRule[] = [
  {
    name: 'python',
    hint: 'File "',
    shape: /^\s*File "(?<file>[^"]+)", line \d+(?:, in (?<fn>.+))?$/,
    innermostLast: true,
  },
  { name: 'php', hint: '#', shape: /^\s*#\d+ (?<file>.+?)\(\d+\): (?<fn>[^(]+)\(/ },
  { name: 'php', hint: '#', shape: /^\s*#\d+ \[internal function\]: (?<fn>[^(]+)\(/ },
  {
    name: 'dotnet',
    hint: ' in ',
    shape: /^\s*at (?<fn>[^(]+)\([^)]*\)(?: \[0x[0-9a-f]+\])? in (?<file>.+?):(?:line )?\d+$/,
  },
  {
    name: 'java',
    hint: '(',
    shape:
      /^\s*at (?:[\w.@-]+\/)*(?<fn>[\w$.<>]+\.[\w$<>]+)\((?<file>[\w$-]+\.(?:java|kt|scala|groovy|clj))(?::\d+)?\)/,
  },
  {
    name: 'java',
    hint: '(',
    shape: /^\s*at (?:[\w.@-]+\/)*(?<fn>[\w$.<>]+\.[\w$<>]+)\((?:Native Method|Unknown Source|<generated>)\)/,
  },
  {
    name: 'javascript',
    hint: 'at ',
    shape: /^\s*at (?:async )?(?<fn>[^()]+?) (?:\[as [^\]]+\] )?\((?<file>[^()]+?)(?::\d+){1,2}\)$/,
  },
  { name: 'javascript', hint: 'at ', shape: /^\s*at (?:async )?(?<file>[^()\s]+?)(?::\d+){1,2}$/ },
  { name: 'dotnet', hint: 'at ', shape: /^\s*at (?<fn>[A-Za-z_][\w.<>`+[\],|]*\.[\w.<>`|[\],]+)\([^)]*\)$/ },
  { name: 'firefox', hint: '@', shape: /^(?<fn>[^@\s]*)@(?<file>\S+?)(?::\d+){1,2}$/ },
  {
    name: 'ruby',
    hint: ':in ',
    shape: /^\s*(?:from |\d+: from )?(?<file>[^:]+(?:\.rb|\.erb|\.rake|\.ru)):\d+:in [`'](?<fn>[^']+)'/,
  },
  { name: 'rust', hint: ': ', shape: /^\s*\d+: (?:0x[0-9a-f]+ - )?(?<fn>[\w<>:{}#$& ,.()[\]-]+)$/ },
  { name: 'elixir', hint: '.ex', shape: /^\s*(?:\([\w.]+ [^)]+\) )?(?<file>[\w/.-]+\.exs?):\d+: (?<fn>.+)$/ },
  { name: 'swift', hint: '0x', shape: /^\s*\d+\s+(?<file>\S+)\s+0x[0-9a-f]+ (?<fn>.+?) \+ \d+$/ },
];

/** A Go frame takes two lines: the function with its arguments, then the file. */
export const goFunction = /^(?<fn>[\w./*()-]+(?:\.[\w*()]+)+)\(.*\)$/;
export const goFile = /^\s+(?<file>\S+\.go):\d+/;
/** A Rust frame's second line. */
export const rustFile = /^\s+at (?<file>\S+\.rs):\d+(?::\d+)?$/;

/** Where code lies that its user did not write. */
export const libraryFile =
  /(?:^|[/\\])(?:node_modules|site-packages|dist-packages|vendor|gems|\.cargo|rustc|pkg[/\\]mod|\.pnpm|\.yarn|bower_components|Pods|\.nuget|lib[/\\]python[\d.]+|lib[/\\]ruby|usr[/\\]local[/\\]go|usr[/\\]lib|go[/\\]src[/\\]runtime|deps)[/\\]|^(?:node:|internal\/|<frozen|<string>|native\b|webpack\/|chrome-extension:|moz-extension:|<anonymous>)|\/library\/(?:std|core|alloc)\//;

/** Functions that every program of a platform passes through. */
export const libraryFunction =
  /^(?:java\.|javax\.|jakarta\.|jdk\.|sun\.|com\.sun\.|kotlin\.|kotlinx\.|scala\.|groovy\.|clojure\.|android\.|androidx\.|dalvik\.|org\.(?:springframework|apache|eclipse|hibernate|jboss|junit|slf4j|postgresql|gradle)\.|io\.(?:netty|grpc|micrometer|vertx|undertow)\.|com\.(?:google|fasterxml|mysql|zaxxer|amazonaws|squareup)\.|reactor\.|rx\.|akka\.|System\.|Microsoft\.|MS\.|Newtonsoft\.|Npgsql\.|std::|core::|alloc::|tokio::|futures|hyper::|actix|tracing|<?(?:std|core|alloc|tokio)::|rust_begin_unwind|__rust|_rust|rust_panic|__libc|_start$|main\.main\.func|runtime\.|net\/http|panic$|created by|testing\.|reflect\.|\(elixir|\(stdlib|:gen_|GenServer)/;

/** Noise of a platform: left out altogether. */
export const noise =
  /^(?:new Promise|Promise\.all.*|Promise\.then.*|processTicksAndRejections|process\.processTicksAndRejections|process\._tickCallback|<anonymous>|Generator\.next|asyncGeneratorStep|_next|__awaiter|fulfilled|rejected|step|\{main\}|MoveNext|<module>|__libc_start_main|_start|main\.main|rust_begin_unwind|eval|runMicrotasks|async \*|Module\._compile.*|Object\.\.js|Function\.executeUserEntryPoint.*)$/;
