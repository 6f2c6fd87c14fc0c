const setOf = (words: string): ReadonlySet<string> => new Set(words.split(' '));

/** Units that may stand apart from their number; they change with its size and say nothing about the fault. */
export const units = setOf(
  'ns us µs μs ms s sec secs second seconds m min mins minute minutes h hr hrs hour hours d day days week weeks ' +
    'millisecond milliseconds microseconds nanoseconds b byte bytes kb mb gb tb kib mib gib tib kbps mbps ' +
    'мс сек секунд секунды секунду с мин минут минуты минуту ч час часа часов дней дня день байт кб мб гб ' +
    'секунда секунди хвилин хвилини хвилину годин години годину днів дні байтів ' +
    'שניות שנייה דקות דקה שעות שעה ימים יום 毫秒 秒 分钟 小时 天',
);

/** Months and weekdays vanish with the numbers of the date that they belong to. */
export const dateWords = setOf(
  'jan feb mar apr may jun jul aug sep sept oct nov dec january february march april june july august september ' +
    'october november december mon tue wed thu fri sat sun monday tuesday wednesday thursday friday saturday sunday ' +
    'am pm utc gmt',
);

/** Names whose digits tell what a thing is, not which one. */
export const namesWithDigits = setOf(
  'utf8 utf16 utf32 utf-8 utf-16 ucs2 ucs-2 latin1 sha1 sha224 sha256 sha384 sha512 sha3 md4 md5 crc32 base16 base32 ' +
    'base58 base64 ipv4 ipv6 inet4 inet6 http1 http2 http3 h2 h3 oauth1 oauth2 tls1 ssl2 ssl3 x509 pkcs1 pkcs7 pkcs8 ' +
    'pkcs12 p256 p384 ed25519 rs256 hs256 es256 aes128 aes256 s3 ec2 k8s i18n l10n a11y log4j log4j2 sqlite3 ' +
    'python2 python3 py2 py3 es5 es6 es2015 es2020 es2022 h264 h265 mp3 mp4 web3 int8 int16 int32 int64 uint8 uint16 uint32 ' +
    'uint64 float32 float64 i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 v4l2 neo4j d3 e2e p2p b2b oauth2client r2dbc ' +
    'win32 win64 x86 x64 amd64 arm64 vec2 vec3 vec4 mat4 tier1 tier2 l1 l2 l3 l4 l7 w3c 2fa 3d 2d',
);

/**
 * Codes that their makers numbered: another number is another fault. Kept as they stand wherever a word begins.
 */
export const numberedCodes =
  /(?:ORA|TNS|PLS|SP2|RMAN|DPY|DPI|JAVA|SQL|SQLCODE|CVE-\d{4})-\d{3,7}(?!\w)|(?:E11000|E11001)(?!\w)|P[1-6]\d{3}(?!\w)|(?:TS|CS|BC|FS|CA|IDE|NU|MSB|NETSDK|ESLINT|SC|RUF|PGRST|AADSTS|KB|SQL|DB2|MS|EF|NG|NX|RPC|AWS|E0|W0|C|LNK)\d{3,6}(?!\w)|(?:AADSTS|PGRST)\d{2,7}(?!\w)/y;
