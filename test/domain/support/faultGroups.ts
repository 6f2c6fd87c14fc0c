import type { Fault } from '../../../src/domain/fingerprint.ts';

/** Occurrences of one fault; no two groups are the same fault. A plain text is a message without a stack. */
export interface FaultGroup {
  name: string;
  occurrences: readonly (string | Fault)[];
}

const uuid = (n: number): string => `550e8400-e29b-41d4-a716-44665544${String(n).padStart(4, '0')}`;

const messages: readonly FaultGroup[] = [
  {
    name: 'connection refused',
    occurrences: [
      'connect ECONNREFUSED 127.0.0.1:5432',
      'connect ECONNREFUSED 10.4.0.17:6379',
      'connect ECONNREFUSED [::1]:5432'.replace('[::1]', '2001:db8::1'),
    ],
  },
  {
    name: 'connection timed out',
    occurrences: ['connect ETIMEDOUT 127.0.0.1:5432', 'connect ETIMEDOUT 192.168.7.1:443'],
  },
  { name: 'connection reset', occurrences: ['read ECONNRESET', 'read ECONNRESET'] },
  { name: 'hang up', occurrences: ['socket hang up'] },
  {
    name: 'name not found',
    occurrences: ['getaddrinfo ENOTFOUND api.example.com', 'getaddrinfo ENOTFOUND api.example.com'],
  },
  {
    name: 'user not found',
    occurrences: [
      'User 42 not found',
      'User 77 not found',
      `User ${uuid(1)} not found`,
      'User 5f8d0d55b54764421b7156c3 not found',
      'User 01ARZ3NDEKTSV4RRFFQ69G5FAV not found',
    ],
  },
  { name: 'chat not found', occurrences: ['Chat -1001234567890 not found', 'Chat 12 not found'] },
  { name: 'user forbidden', occurrences: ['User 42 not allowed', 'User 9 not allowed'] },
  {
    name: 'quoted user',
    occurrences: [
      'User "ann" not found',
      'User "Боб" not found',
      "User 'x y' not found",
      'User «דוד» not found',
      'User “z” not found',
    ],
  },
  {
    name: 'user by mail',
    occurrences: [
      'User ann@example.com not found',
      'User bob.lee@mail.example.org not found',
      'User [redacted:email] not found',
    ],
  },
  {
    name: 'slow request',
    occurrences: [
      'timeout of 5000ms exceeded',
      'timeout of 10s exceeded',
      'timeout of 2.5 seconds exceeded',
      'timeout of 30 s exceeded',
    ],
  },
  { name: 'slow query', occurrences: ['query took 812 ms', 'query took 3 s', 'query took 1m30s'] },
  {
    name: 'missing file',
    occurrences: [
      "ENOENT: no such file or directory, open '/home/ann/app/x.json'",
      "ENOENT: no such file or directory, open 'C:\\Users\\bob\\y.json'",
    ],
  },
  {
    name: 'no permission',
    occurrences: ["EACCES: permission denied, open '/etc/x'", "EACCES: permission denied, open '/var/y/z'"],
  },
  {
    name: 'unquoted file',
    occurrences: [
      'cannot read /var/lib/app/data.db',
      'cannot read /tmp/x-81.db',
      'cannot read C:\\data\\x.db',
      'cannot read ./local/file.db',
    ],
  },
  {
    name: 'failed call',
    occurrences: [
      'GET https://api.example.com/v1/users/42?full=true failed',
      'GET https://other.example.org:8443/x?y=1&z=2#top failed',
    ],
  },
  {
    name: 'failed post',
    occurrences: [
      'POST https://api.example.com/v1/users failed',
      'POST http://localhost:7070/v1/events failed',
    ],
  },
  {
    name: 'status',
    occurrences: ['Request failed with status code 500', 'Request failed with status code 404'],
  },
  { name: 'Python key', occurrences: ["KeyError: 'user'", "KeyError: 'id'"] },
  {
    name: 'Python value',
    occurrences: [
      "ValueError: invalid literal for int() with base 10: 'abc'",
      "ValueError: invalid literal for int() with base 16: 'zz'",
    ],
  },
  {
    name: 'undefined property',
    occurrences: [
      "Cannot read properties of undefined (reading 'id')",
      "Cannot read properties of undefined (reading 'name')",
    ],
  },
  { name: 'null property', occurrences: ["Cannot read properties of null (reading 'id')"] },
  { name: 'not a function', occurrences: ['user.save is not a function'] },
  { name: 'another not a function', occurrences: ['chat.send is not a function'] },
  {
    name: 'duplicate key',
    occurrences: [
      'duplicate key value violates unique constraint "users_pkey" Key (id)=(5)',
      'duplicate key value violates unique constraint "users_mail" Key (id)=(1234)',
    ],
  },
  { name: 'foreign key', occurrences: ['insert or update on table "x" violates foreign key constraint "y"'] },
  {
    name: 'missing relation',
    occurrences: ['relation "users" does not exist', 'relation "chats" does not exist'],
  },
  {
    name: 'deadlock',
    occurrences: [
      'deadlock detected: process 4211 waits for transaction 99123',
      'deadlock detected: process 7 waits for transaction 1',
    ],
  },
  { name: 'Oracle table', occurrences: ['ORA-00942: table or view does not exist'] },
  { name: 'Oracle login', occurrences: ['ORA-01017: invalid username/password; logon denied'] },
  {
    name: 'Mongo duplicate',
    occurrences: [
      'E11000 duplicate key error collection: db.users index: email_1 dup key: { email: "a@b.co" }',
      'E11000 duplicate key error collection: db.users index: email_1 dup key: { email: "c@d.co", n: 2 }',
    ],
  },
  { name: 'Prisma unique', occurrences: ['P2002 request refused'] },
  { name: 'Prisma missing', occurrences: ['P2025 request refused'] },
  {
    name: 'compiler type',
    occurrences: ['src/a.ts(3,4): error TS2322: mismatch', 'src/b/c.ts(12,1): error TS2322: mismatch'],
  },
  { name: 'compiler argument', occurrences: ['src/a.ts(3,4): error TS2345: mismatch'] },
  {
    name: 'bad JSON',
    occurrences: ['Unexpected token < in JSON at position 0', 'Unexpected token < in JSON at position 118'],
  },
  { name: 'bad JSON, other token', occurrences: ['Unexpected end of JSON input'] },
  {
    name: 'payload in message',
    occurrences: [
      'bad payload {"id":1,"tags":["a","b"]} from queue',
      'bad payload {"id":2} from queue',
      "bad payload {id: 3, deep: {x: 'y'}} from queue",
    ],
  },
  { name: 'list in message', occurrences: ['missing ids 1, 2, 3', 'missing ids 7', 'missing ids 10, 11'] },
  {
    name: 'worker died',
    occurrences: ['worker-3 died with signal SIGKILL', 'worker-17 died with signal SIGKILL'],
  },
  { name: 'worker stopped', occurrences: ['worker-3 died with signal SIGTERM'] },
  { name: 'pod', occurrences: ['pod bot-7d9f8b6c5d-x2x9z evicted', 'pod bot-5c6b7f8d9e-q4w8r evicted'] },
  { name: 'hex address', occurrences: ['segfault at 0x7ffe12ab34cd', 'segfault at 0x1'] },
  {
    name: 'commit',
    occurrences: ['cannot check out 3f2a9c1', 'cannot check out da39a3ee5e6b4b0d3255bfef95601890afd80709'],
  },
  {
    name: 'certificate',
    occurrences: [
      'certificate expired on 2026-11-21',
      'certificate expired on 2025-01-02T03:04:05Z',
      'certificate expired on Nov 21 2026',
      'certificate expired on 21/11/2026',
    ],
  },
  {
    name: 'time of day',
    occurrences: ['no data since 12:30', 'no data since 01:51:47.123', 'no data since 12:30 PM'],
  },
  { name: 'hash kind', occurrences: ['digest md5 is not supported'] },
  { name: 'other hash kind', occurrences: ['digest sha256 is not supported'] },
  { name: 'price', occurrences: ['payment of $12.50 declined', 'payment of $1,200 declined'] },
  {
    name: 'memory',
    occurrences: ['out of memory: 512 MB used of 512 MB', 'out of memory: 2 GB used of 4 GB'],
  },
  {
    name: 'rate limited',
    occurrences: ['Too Many Requests: retry after 17', 'Too Many Requests: retry after 3'],
  },
  { name: 'Telegram blocked', occurrences: ['Forbidden: bot was blocked by the user'] },
  { name: 'Telegram gone', occurrences: ['Forbidden: user is deactivated'] },
  { name: 'version', occurrences: ['plugin v1.2.3 is too old', 'plugin v10.0.1 is too old'] },
  { name: 'Russian', occurrences: ['Пользователь 42 не найден', 'Пользователь 7 не найден'] },
  { name: 'Russian, quoted', occurrences: ['Файл «отчёт.pdf» не найден', 'Файл «счёт 7.pdf» не найден'] },
  {
    name: 'Ukrainian',
    occurrences: [
      "З'єднання з 10.0.0.1:5432 втрачено через 5 секунд",
      "З'єднання з 10.9.9.9:1 втрачено через 20 хвилин",
    ],
  },
  { name: 'Hebrew', occurrences: ['המשתמש "דוד" לא נמצא (מזהה 77)', 'המשתמש "רות" לא נמצא (מזהה 1203)'] },
  { name: 'Hebrew, other', occurrences: ['החיבור נכשל אחרי 5 שניות', 'החיבור נכשל אחרי 12 דקות'] },
  { name: 'Chinese', occurrences: ['用户123不存在', '用户９９不存在'] },
  { name: 'Chinese, other', occurrences: ['订单「A-1」已取消', '订单「B 77」已取消'] },
  {
    name: 'Arabic digits',
    occurrences: ['المستخدم ٤٢ غير موجود', 'المستخدم ٧ غير موجود', 'المستخدم 9 غير موجود'],
  },
  {
    name: 'removed secret',
    occurrences: ['login with [redacted:password] refused', 'login with [redacted:github-token] refused'],
  },
  { name: 'code A', occurrences: [{ errorCode: 'E_QUOTA', message: 'refused' }] },
  { name: 'code B', occurrences: [{ errorCode: 'E_OWNER', message: 'refused' }] },
  {
    name: 'no code',
    occurrences: [
      'refused',
      { message: 'refused', operation: 'search' },
      { message: 'refused', operation: 'save' },
    ],
  },
  { name: 'nothing but an operation', occurrences: [{ message: '', operation: 'search' }] },
  { name: 'nothing but another operation', occurrences: [{ message: '', operation: 'save' }] },
  {
    name: 'nothing but a code',
    occurrences: [
      { message: '', errorCode: 'E_NONE', operation: 'a' },
      { message: '', errorCode: 'E_NONE', operation: 'b' },
    ],
  },
];

const js = (root: string, line: number, message: string, hash = ''): Fault => ({
  message,
  stack: [
    `TypeError: ${message}`,
    `    at getUser (${root}/src/users${hash}.js:${line}:${line + 3})`,
    `    at async handle (${root}/src/handler.js:${line + 7}:11)`,
    '    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)',
    `    at async Promise.all (index ${line})`,
    `    at Layer.next (${root}/node_modules/express/lib/layer.js:${line}:5)`,
  ].join('\n'),
});

const fault = (message: string, ...lines: string[]): Fault => ({ message, stack: lines.join('\n') });

const stacks: readonly FaultGroup[] = [
  {
    name: 'Node: one place, any message, any machine',
    occurrences: [
      js('/home/ann/bot', 10, 'x is undefined'),
      js('/srv/releases/812', 48, 'name is undefined'),
      js('file:///C:/bot', 3, 'another text'),
      js('/app', 7, 'x', '-Bk3T9x2a'),
    ],
  },
  {
    name: 'Node: the same text elsewhere',
    occurrences: [
      fault(
        'x is undefined',
        'TypeError: x is undefined',
        '    at saveChat (/app/src/chats.js:10:5)',
        '    at async handle (/app/src/handler.js:1:1)',
      ),
    ],
  },
  {
    name: 'Node: the same place, another class',
    occurrences: [
      fault(
        'x',
        'RangeError: x',
        '    at getUser (/app/src/users.js:1:1)',
        '    at async handle (/app/src/handler.js:1:1)',
      ),
    ],
  },
  {
    name: 'Node: the same place, refused',
    occurrences: ['10.0.0.1', '10.0.0.2'].map((ip) =>
      fault(`connect ECONNREFUSED ${ip}:80`, 'Error: connect', '    at dial (/app/net.js:1:1)'),
    ),
  },
  {
    name: 'Node: the same place, timed out',
    occurrences: [fault('connect ETIMEDOUT 10.0.0.1:80', 'Error: connect', '    at dial (/app/net.js:1:1)')],
  },
  {
    name: 'Node: libraries only, duplicate',
    occurrences: [1, 2].map((n) =>
      fault(
        `duplicate key value (${n})`,
        'error: duplicate key',
        `    at Parser.parse (/app/node_modules/pg/parser.js:${n}:1)`,
      ),
    ),
  },
  {
    name: 'Node: libraries only, missing',
    occurrences: [
      fault(
        'relation is gone',
        'error: relation is gone',
        '    at Parser.parse (/app/node_modules/pg/parser.js:9:1)',
      ),
    ],
  },
  {
    name: 'browser: minified, hashed, two builds, two browsers',
    occurrences: [
      fault(
        'm',
        'Error: m',
        '    at renderChat (https://x.example/static/js/main.3f2a1b9c.js:1:2345)',
        '    at e (https://x.example/static/js/main.3f2a1b9c.js:1:99)',
      ),
      fault(
        'm',
        'Error: m',
        '    at renderChat (https://y.example/static/js/main.77aa00bb.js:1:777)',
        '    at t (https://y.example/static/js/main.77aa00bb.js:1:5)',
      ),
    ],
  },
  {
    name: 'Firefox',
    occurrences: ['a1b2c3d4', 'ffee0011'].map((hash) =>
      fault(
        'm',
        `loadList@https://x.example/js/app.${hash}.js:1:2345`,
        `n@https://x.example/js/app.${hash}.js:1:5`,
      ),
    ),
  },
  {
    name: 'Python',
    occurrences: [12, 80].map((line) =>
      fault(
        `bad value ${line}`,
        'Traceback (most recent call last):',
        '  File "/usr/lib/python3.11/asyncio/base.py", line 5, in run',
        '    x()',
        `  File "/srv/${line}/bot/main.py", line ${line}, in handle`,
        '    return parse(text)',
        `  File "/srv/${line}/bot/parse.py", line ${line}, in parse`,
        "    raise ValueError('no')",
        `ValueError: bad value ${line}`,
      ),
    ),
  },
  {
    name: 'Python, called from the same place',
    occurrences: [
      fault(
        'bad value',
        'Traceback (most recent call last):',
        '  File "/bot/main.py", line 1, in handle',
        '    return load(text)',
        '  File "/bot/load.py", line 2, in load',
        'ValueError: bad value',
      ),
    ],
  },
  {
    name: 'Java',
    occurrences: [12, 99].map((line) =>
      fault(
        'bad',
        'java.lang.IllegalStateException: bad',
        `\tat com.acme.bot.Users.find(Users.java:${line})`,
        `\tat com.acme.bot.Users.lambda$all$${line}(Users.java:${line})`,
        '\tat java.base/java.util.ArrayList.forEach(ArrayList.java:1541)',
        `\t... ${line} more`,
      ),
    ),
  },
  {
    name: 'Java, with a cause',
    occurrences: [1, 2].map((line) =>
      fault(
        'bad',
        'java.lang.RuntimeException: bad',
        `\tat com.acme.bot.Jobs.run(Jobs.java:${line})`,
        'Caused by: java.io.IOException: disk',
        `\tat com.acme.bot.Disk.read(Disk.java:${line})`,
        '\t... 3 more',
      ),
    ),
  },
  {
    name: 'Go',
    occurrences: ['0xc000010000', '0xc0000aa000'].map((pointer) =>
      fault(
        'index out of range [5] with length 3',
        'goroutine 1 [running]:',
        `main.process(${pointer}, 0x5)`,
        '\t/home/x/app/main.go:12 +0x1d',
        'main.main()',
        '\t/home/x/app/main.go:20 +0x20',
      ),
    ),
  },
  {
    name: 'Go, elsewhere',
    occurrences: [
      fault(
        'index out of range [1] with length 0',
        'goroutine 7 [running]:',
        'main.(*Store).load(0xc000010000)',
        '\t/home/x/app/store.go:12 +0x1d',
      ),
    ],
  },
  {
    name: 'Ruby',
    occurrences: [12, 44].map((line) =>
      fault(
        'undefined method',
        `app/models/user.rb:${line}:in \`find_user'`,
        "/usr/lib/ruby/gems/3.0/gems/rack-2/x.rb:3:in `call'",
        `app/controllers/users.rb:${line}:in \`block in show'`,
      ),
    ),
  },
  {
    name: 'PHP',
    occurrences: ['/var/www/a', '/srv/b'].map((root) =>
      fault(
        'Call on null',
        `#0 ${root}/app/User.php(12): App\\User->find(5)`,
        `#1 ${root}/vendor/x/y.php(3): Foo\\bar()`,
        '#2 {main}',
      ),
    ),
  },
  {
    name: '.NET',
    occurrences: ['C:\\src', 'D:\\agent\\_work\\7'].map((root) =>
      fault(
        'Object reference not set',
        'System.NullReferenceException: Object reference not set',
        `   at Acme.Bot.Users.Find(Int32 id) in ${root}\\Users.cs:line 12`,
        `   at Acme.Bot.Users.<HandleAsync>d__12.MoveNext() in ${root}\\Users.cs:line 40`,
        '   at System.Threading.Tasks.Task.Run()',
      ),
    ),
  },
  {
    name: 'Rust',
    occurrences: ['0123456789abcdef', 'fedcba9876543210'].map((hash) =>
      fault(
        'called `Option::unwrap()` on a `None` value',
        'stack backtrace:',
        '   0: rust_begin_unwind',
        '             at /rustc/abc/library/std/src/panicking.rs:5:5',
        `   1: bot::users::find::h${hash}`,
        '             at ./src/users.rs:3:4',
        `   2: bot::main::h${hash}`,
      ),
    ),
  },
];

export const faultGroups: readonly FaultGroup[] = [...messages, ...stacks];
