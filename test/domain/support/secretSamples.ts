import { alphabets, type Seeded, seeded } from './seeded.ts';

/** One secret, put together as it is asked for, so that this file holds none. */
export interface SecretSample {
  name: string;
  /** The whole text to be found. */
  text: string;
  /** What must not be left of it; the text itself when only the secret stands in it. */
  secrets: readonly string[];
}

const { digits, hex, upper, lower, mixed, url } = alphabets;

/** Label, literal beginning, alphabet and length of what follows, and what follows that. */
type TokenShape = readonly [name: string, beginning: string, alphabet: string, length: number];

const tokenShapes: readonly TokenShape[] = [
  ...['AKIA', 'ASIA', 'AROA', 'AIDA'].map((start): TokenShape => ['aws key id', start, upper, 16]),
  ['google api key', 'AIza', url, 35],
  ['google client secret', 'GOCSPX-', url, 28],
  ['google access token', 'ya29.', url, 120],
  ['google refresh token', '1//0', url, 50],
  ...['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'].map((start): TokenShape => ['github', start, mixed, 36]),
  ['github fine-grained', 'github_pat_', mixed, 82],
  ...['glpat-', 'glrt-', 'gldt-', 'glptt-', 'glft-'].map((start): TokenShape => ['gitlab', start, url, 20]),
  ['npm', 'npm_', mixed, 36],
  ['pypi', 'pypi-AgEIcHlwaS5vcmc', url, 100],
  ['rubygems', 'rubygems_', hex, 48],
  ['nuget', 'oy2', lower, 43],
  ['crates', 'cio', mixed, 32],
  ['docker hub', 'dckr_pat_', url, 27],
  ['artifactory', 'AKCp', mixed, 69],
  ['sonarqube', 'squ_', hex, 40],
  ['atlassian', 'ATATT3', url, 180],
  ['bitbucket', 'ATBB', mixed, 32],
  ['stripe live', 'sk_live_', mixed, 24],
  ['stripe test', 'sk_test_', mixed, 99],
  ['stripe restricted', 'rk_live_', mixed, 24],
  ['stripe webhook', 'whsec_', mixed, 32],
  ['openai', 'sk-', mixed, 48],
  ['openai project', 'sk-proj-', url, 120],
  ['openai service', 'sk-svcacct-', url, 60],
  ['anthropic', 'sk-ant-api03-', url, 95],
  ['openrouter', 'sk-or-v1-', hex, 64],
  ['deepseek', 'sk-', hex, 32],
  ['huggingface', 'hf_', mixed, 34],
  ['groq', 'gsk_', mixed, 52],
  ['xai', 'xai-', mixed, 80],
  ['perplexity', 'pplx-', mixed, 48],
  ['replicate', 'r8_', mixed, 37],
  ['twilio', 'SK', hex, 32],
  ['mailgun', 'key-', hex, 32],
  ['shopify', 'shpat_', hex, 32],
  ['square', 'sq0atp-', url, 22],
  ['facebook', 'EAA', mixed, 120],
  ['vk', 'vk1.a.', url, 90],
  ['digitalocean', 'dop_v1_', hex, 64],
  ['heroku', 'HRKU-', url, 60],
  ['netlify', 'nfp_', mixed, 36],
  ['supabase', 'sbp_', hex, 40],
  ['planetscale', 'pscale_tkn_', url, 43],
  ['databricks', 'dapi', hex, 32],
  ['vault', 'hvs.', url, 90],
  ['doppler', 'dp.pt.', mixed, 43],
  ['pulumi', 'pul-', hex, 40],
  ['new relic', 'NRAK-', upper, 27],
  ['grafana', 'glc_', mixed, 60],
  ['buildkite', 'bkua_', hex, 40],
  ['linear', 'lin_api_', mixed, 40],
  ['notion', 'ntn_', mixed, 46],
  ['figma', 'figd_', url, 43],
  ['dropbox', 'sl.', url, 130],
  ['typeform', 'tfp_', url, 44],
  ['yandex cloud', 'AQVN', url, 36],
  ['yandex oauth', 'y0_', url, 55],
  ['alibaba', 'LTAI', mixed, 20],
  ['tencent', 'AKID', mixed, 32],
  ['age', 'AGE-SECRET-KEY-1', upper, 58],
];

const composite: readonly (readonly [name: string, make: (r: Seeded) => string])[] = [
  ['jwt', (r) => jwt(r)],
  ['jwt without signature', (r) => `eyJ${r.text(url, 20)}.eyJ${r.text(url, 40)}.`],
  [
    'jwe',
    (r) =>
      `eyJ${r.text(url, 30)}.${r.text(url, 40)}.${r.text(url, 16)}.${r.text(url, 60)}.${r.text(url, 22)}`,
  ],
  ['telegram bot', (r) => `${r.integer(100_000_000, 999_999_999)}:AA${r.text(url, 33)}`],
  ['telegram bot, ten digits', (r) => `${r.integer(5_000_000_000, 7_999_999_999)}:AA${r.text(url, 33)}`],
  ['discord bot', (r) => `M${r.text(mixed, 23)}.${r.text(url, 6)}.${r.text(url, 27)}`],
  ['discord bot, newer', (r) => `N${r.text(mixed, 25)}.G${r.text(url, 5)}.${r.text(url, 38)}`],
  ['discord webhook', (r) => `https://discord.com/api/webhooks/${r.text(digits, 18)}/${r.text(url, 68)}`],
  ['slack bot', (r) => `xoxb-${r.text(digits, 12)}-${r.text(digits, 12)}-${r.text(mixed, 24)}`],
  [
    'slack user',
    (r) => `xoxp-${r.text(digits, 11)}-${r.text(digits, 11)}-${r.text(digits, 12)}-${r.text(hex, 32)}`,
  ],
  ['slack app', (r) => `xapp-1-A${r.text(upper, 10)}-${r.text(digits, 13)}-${r.text(hex, 64)}`],
  [
    'slack webhook',
    (r) => `https://hooks.slack.com/services/T${r.text(upper, 8)}/B${r.text(upper, 8)}/${r.text(mixed, 24)}`,
  ],
  ['sendgrid', (r) => `SG.${r.text(url, 22)}.${r.text(url, 43)}`],
  ['mailchimp', (r) => `${r.text(hex, 32)}-us${r.integer(1, 21)}`],
  ['brevo', (r) => `xkeysib-${r.text(hex, 64)}-${r.text(mixed, 16)}`],
  ['resend', (r) => `re_${r.text(mixed, 8)}_${r.text(mixed, 24)}`],
  ['airtable', (r) => `pat${r.text(mixed, 14)}.${r.text(hex, 64)}`],
  ['postman', (r) => `PMAK-${r.text(hex, 24)}-${r.text(hex, 34)}`],
  ['terraform', (r) => `${r.text(mixed, 14)}.atlasv1.${r.text(url, 67)}`],
  ['azure client secret', (r) => `${r.text(mixed, 3)}8Q~${r.text(mixed, 34)}`],
  ['azure storage key', (r) => `${r.text(mixed, 86)}==`],
  ['viber', (r) => `${r.text(hex, 16)}-${r.text(hex, 16)}-${r.text(hex, 16)}`],
  ['grafana service account', (r) => `glsa_${r.text(mixed, 32)}_${r.text(hex, 8)}`],
  ['braintree', (r) => `access_token$production$${r.text(lower, 16)}$${r.text(hex, 32)}`],
];

const jwt = (r: Seeded): string => `eyJ${r.text(url, 33)}.eyJ${r.text(url, 60)}.${r.text(url, 43)}`;

const withLuhn = (start: string, length: number, r: Seeded): string => {
  const body = start + r.text(digits, length - start.length - 1);
  const sum = [...body].reverse().reduce((total, digit, i) => {
    const value = Number(digit) * (i % 2 === 0 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return body + String((10 - (sum % 10)) % 10);
};

const inGroups = (text: string, sizes: readonly number[], separator: string): string => {
  const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((sum, size) => sum + size, 0));
  return sizes.map((size, i) => text.slice(starts[i], (starts[i] ?? 0) + size)).join(separator);
};

const withCheckDigits = (country: string, account: string): string => {
  const numeric = [...`${account}${country}00`].map((c) => Number.parseInt(c, 36)).join('');
  return `${country}${String(98n - (BigInt(numeric) % 97n)).padStart(2, '0')}${account}`;
};

function numbers(r: Seeded): SecretSample[] {
  const visa = withLuhn('4', 16, r);
  const amex = withLuhn('37', 15, r);
  const cards: [string, string][] = [
    ['visa', visa],
    ['visa in groups', inGroups(withLuhn('4', 16, r), [4, 4, 4, 4], ' ')],
    ['visa with hyphens', inGroups(withLuhn('4', 16, r), [4, 4, 4, 4], '-')],
    ['mastercard', withLuhn('53', 16, r)],
    ['mastercard, newer', withLuhn('2345', 16, r)],
    ['amex', amex],
    ['amex in groups', inGroups(amex, [4, 6, 5], ' ')],
    ['diners', withLuhn('305', 14, r)],
    ['discover', withLuhn('6011', 16, r)],
    ['jcb', withLuhn('3530', 16, r)],
    ['unionpay', withLuhn('62', 16, r)],
    ['mir', withLuhn('2202', 16, r)],
    ['card in full-width digits', [...visa].map((d) => String.fromCharCode(0xff10 + Number(d))).join('')],
    ['card with zero-width spaces', inGroups(visa, [3, 5, 8], '\u200b')],
    ['card with no-break spaces', inGroups(visa, [4, 4, 4, 4], '\u00a0')],
  ];
  const ibans: [string, string][] = [
    ['german iban', withCheckDigits('DE', r.text(digits, 18))],
    ['british iban', withCheckDigits('GB', `NWBK${r.text(digits, 14)}`)],
    ['israeli iban', withCheckDigits('IL', r.text(digits, 19))],
    ['ukrainian iban', withCheckDigits('UA', r.text(digits, 25))],
    ['french iban', withCheckDigits('FR', r.text(digits, 23))],
    ['dutch iban', withCheckDigits('NL', `ABNA${r.text(digits, 10)}`)],
    [
      'polish iban in groups',
      inGroups(withCheckDigits('PL', r.text(digits, 24)), [4, 4, 4, 4, 4, 4, 4], ' '),
    ],
    ['swiss iban in groups', inGroups(withCheckDigits('CH', r.text(digits, 17)), [4, 4, 4, 4, 4, 1], ' ')],
  ];
  const phones: [string, string][] = [
    ['israeli phone', `+972-5${r.integer(0, 8)}-${r.text(digits, 3)}-${r.text(digits, 4)}`],
    ['israeli phone at home', `052-${r.text(digits, 7)}`],
    ['american phone', `+1 (415) 555-${r.text(digits, 4)}`],
    ['american phone at home', `(212) 555-${r.text(digits, 4)}`],
    ['american phone with hyphens', `646-555-${r.text(digits, 4)}`],
    ['russian phone', `+7 916 ${r.text(digits, 3)}-${r.text(digits, 2)}-${r.text(digits, 2)}`],
    ['russian phone at home', `8 (916) ${r.text(digits, 3)}-${r.text(digits, 2)}-${r.text(digits, 2)}`],
    ['ukrainian phone', `+38067${r.text(digits, 7)}`],
    ['ukrainian phone at home', `067 ${r.text(digits, 3)} ${r.text(digits, 2)} ${r.text(digits, 2)}`],
    ['german phone', `+49 30 ${r.text(digits, 8)}`],
    ['british phone', `+44 20 7946 ${r.text(digits, 4)}`],
    ['indian phone', `+91 98${r.text(digits, 3)} ${r.text(digits, 5)}`],
    ['chinese phone', `+86 138 ${r.text(digits, 4)} ${r.text(digits, 4)}`],
    ['dialled from abroad', `00972-50-${r.text(digits, 7)}`],
  ];
  return [...cards, ...ibans, ...phones].map(([name, text]) => ({ name, text, secrets: [text] }));
}

const emails: readonly string[] = [
  'ann.lee@example.com',
  'ann+tag@mail.example.co.uk',
  'o.brien_1@sub-domain.example.io',
  'АННА@example.com'.toLowerCase(),
  'почта@пример.рф',
  'jose\u0301@example.es',
  'ann@xn--e1afmkfd.xn--p1ai',
  'ａｎｎ＠ｅｘａｍｐｌｅ．ｃｏｍ',
  'an\u200bn@exam\u200bple.com',
];

/** Names with a separator after which any password is secret, in many languages. */
const passwordNames: readonly string[] = [
  'password: ',
  'Password=',
  'PASSWD: ',
  'pwd=',
  'passphrase: ',
  'DB_PASSWORD=',
  'db.password=',
  'userPassword: ',
  'client_secret=',
  'clientSecret: ',
  'secret-key: ',
  'api_key=',
  'apiKey: ',
  'X-Api-Key: ',
  'API KEY: ',
  'access_token=',
  'accessToken: ',
  'refresh-token=',
  'auth_token: ',
  'session_id=',
  'sessionId: ',
  'JSESSIONID=',
  'aws_secret_access_key=',
  'AccountKey=',
  'SharedAccessKey=',
  'private_key: ',
  'encryption_key=',
  'סיסמה: ',
  'הסיסמה שלי: ',
  'מפתח סודי: ',
  'טוקן: ',
  'пароль: ',
  'Пароль = ',
  'секретный ключ: ',
  'токен: ',
  'гасло: ',
  'секретний ключ: ',
  'Passwort: ',
  'Kennwort=',
  'mot de passe : ',
  'clé secrète : ',
  'contraseña: ',
  'senha: ',
  "parola d'ordine: ",
  'hasło: ',
  'heslo: ',
  'jelszó: ',
  'şifre: ',
  'wachtwoord: ',
  'lösenord: ',
  'salasana: ',
  'كلمة المرور: ',
  'رمز عبور: ',
  'पासवर्ड: ',
  '密码：',
  '密碼: ',
  'パスワード：',
  '비밀번호: ',
  'mật khẩu: ',
  'รหัสผ่าน: ',
  'kata sandi: ',
  'ｐａｓｓｗｏｒｄ：',
  'pass\u200bword: ',
];

function contextual(r: Seeded): SecretSample[] {
  const secret = (): string => `${r.text(lower, 5)}${r.integer(10, 99)}${r.text(mixed, 5)}`;
  const around = (name: string, before: string, after = ''): SecretSample => {
    const value = secret();
    return { name, text: `${before}${value}${after}`, secrets: [value] };
  };
  return [
    ...passwordNames.map((name) => around(name, name)),
    around('bearer header', 'Authorization: Bearer '),
    around('bearer in a sentence', 'sent Bearer ', ' to the gateway'),
    around('basic header', 'authorization: Basic ', '=='),
    around('token header', 'Proxy-Authorization: Token '),
    around('cookie', 'Cookie: sid=', '; theme=dark'),
    around('set-cookie', 'Set-Cookie: session=', '; Path=/; HttpOnly'),
    around('postgres url', 'postgres://app:', '@db.internal:5432/bot'),
    around('mongodb url', 'mongodb+srv://app:', '@cluster0.example.net/bot'),
    around('redis url without user', 'redis://:', '@cache:6379/0'),
    around('amqp url', 'amqp://guest:', '@mq.example.org:5672'),
    around('https url', 'https://deploy:', '@git.example.org/x.git'),
    around('go dsn', 'root:', '@tcp(10.0.0.5:3306)/bot'),
    around('sql server', 'Server=db;User Id=sa;Password=', ';Database=bot'),
    around('jdbc', 'jdbc:mysql://db/bot?user=app&password=', '&ssl=true'),
    around('query token', '/callback?state=ok&token=', '&x=1'),
    around('query signature', '/blob?sv=2024&sig=', '&se=2025'),
    around('encoded query', 'next=%2Fa%3Fpassword%3D', '%26x%3D1'),
    around('json', '{"user":"ann","password":"', '","n":1}'),
    around('json in json', '{\\"user\\":\\"ann\\",\\"apiKey\\":\\"', '\\",\\"n\\":1}'),
    around('yaml', 'user: ann\npassword: ', '\nhost: db'),
    around('ruby hash', '{:user=>"ann", :password=>"', '"}'),
    around('php array', '[user] => ann [password] => ', ' [n] => 1'),
    around('python dict', "{'user': 'ann', 'token': '", "'}"),
    around('xml', '<login><password>', '</password></login>'),
    around('command line', 'run --password ', ' --verbose'),
    around('command line, equals', 'run --api-key=', ' --verbose'),
    around('curl user', 'curl -u ann:', ' http://host/x'),
    around('in a sentence', 'my password is ', ' please help'),
    around('of somebody', 'password for admin: '),
    pem(r, 'RSA PRIVATE KEY', '\n'),
    pem(r, 'PRIVATE KEY', '\\n'),
    pem(r, 'OPENSSH PRIVATE KEY', '\n'),
    pem(r, 'EC PRIVATE KEY', '\r\n'),
  ];
}

function pem(r: Seeded, kind: string, newline: string): SecretSample {
  const body = Array.from({ length: 6 }, () => r.text(`${mixed}+/`, 64));
  const frame = (word: string) => `-----${word} ${kind}-----`;
  return { name: `pem ${kind}`, text: [frame('BEGIN'), ...body, frame('END')].join(newline), secrets: body };
}

export function secretSamples(seed = 7): SecretSample[] {
  const r = seeded(seed);
  const whole = (name: string, text: string): SecretSample => ({ name, text, secrets: [text] });
  return [
    ...tokenShapes.map(([name, beginning, alphabet, length]) =>
      whole(name, beginning + r.text(alphabet, length)),
    ),
    ...composite.map(([name, make]) => whole(name, make(r))),
    ...numbers(r),
    ...emails.map((email) => whole(`e-mail ${email}`, email)),
    ...contextual(r),
  ];
}

/** Places where a secret turns up. */
export const embeddings: readonly { name: string; embed: (text: string) => string }[] = [
  { name: 'alone', embed: (text) => text },
  { name: 'in a sentence', embed: (text) => `request failed with ${text} after 3 retries` },
  { name: 'in parentheses', embed: (text) => `upstream refused (${text})` },
  { name: 'in JSON', embed: (text) => JSON.stringify({ id: 42, note: text, ok: false }) },
  { name: 'in JSON in JSON', embed: (text) => JSON.stringify({ body: JSON.stringify({ note: text }) }) },
  {
    name: 'in a log line',
    embed: (text) => `2026-11-21T01:51:47.123Z INFO [bot] handled 42 items, input=${text}`,
  },
  { name: 'on its own line', embed: (text) => `first line\n${text}\nlast line` },
  { name: 'in a Hebrew sentence', embed: (text) => `המשתמש שלח ${text} לבוט בשעה 12:30` },
  { name: 'in a Russian sentence', embed: (text) => `Пользователь отправил ${text} боту в 12:30` },
  { name: 'in a Chinese sentence', embed: (text) => `用户发送了 ${text} 给机器人` },
  {
    name: 'in a stack trace',
    embed: (text) =>
      `Error: rejected ${text}\n    at send (/app/src/bot.ts:10:5)\n    at async main (/app/src/main.ts:3:1)`,
  },
];
