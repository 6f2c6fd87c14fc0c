/**
 * Names that announce a secret, in the languages of the people who write log lines. Words are parted by `|`; spaces,
 * case, accents, hyphens, underscores and camel case make no difference when a name is compared.
 *
 * password: any value beside it is secret.
 * token: a value beside it is secret when it looks like one.
 * code: a short number beside it is secret.
 * header, cookie: what HTTP puts there is secret.
 * phone, card: a number of that length beside it is personal.
 */
export type KeyClass = 'password' | 'token' | 'code' | 'header' | 'cookie' | 'phone' | 'card';

export const keyTerms: { readonly [C in KeyClass]: readonly string[] } = {
  password: [
    'password|passwd|passwrd|passphrase|pass phrase|pass word|passcode|pass code|user pass|db pass|database pass',
    'smtp pass|mail pass|ftp pass|admin pass|root pass|login pass|redis pass|mysql pass|pg pass|auth pass|passw|pswd|psw',
    'db pwd|user pwd|admin pwd|root pwd|secret|client secret|app secret|api secret|shared secret|consumer secret',
    'secret key|secret access key|private key|encryption key|signing key|signing secret|master key|root key',
    'credential|credentials|creds|mnemonic|seed phrase|recovery phrase|recovery key|backup phrase',
    'connection string|webhook url|ssn|social security number',
    // Hebrew, Arabic, Persian
    'סיסמה|סיסמא|ססמה|ססמא|סיסמת|סיסמתך|סיסמתי|קוד סודי|מפתח סודי|מפתח פרטי',
    'كلمة المرور|كلمة السر|كلمه السر|كلمة مرور|الرقم السري|گذرواژه|رمز عبور|کلمه عبور',
    // Russian, Ukrainian, Belarusian, Bulgarian, Serbian, Macedonian
    'пароль|пароля|паролем|пассворд|кодовое слово|секретный ключ|приватный ключ|закрытый ключ|секрет',
    'гасло|секретний ключ|приватний ключ|закритий ключ|сакрэтны ключ|парола|лозинка',
    // German, Dutch, Swedish, Danish, Norwegian, Finnish
    'passwort|kennwort|zugangsdaten|geheimer schlüssel|privater schlüssel|wachtwoord|lösenord|adgangskode|kodeord',
    'passord|salasana',
    // French, Spanish, Portuguese, Italian, Romanian
    'mot de passe|motdepasse|mdp|clé secrète|clé privée|contraseña|clave secreta|clave privada|palabra clave secreta',
    'senha|palavra passe|chave secreta|chave privada|parola d ordine|chiave segreta|chiave privata|parolă|parola',
    // Polish, Czech, Slovak, Croatian, Hungarian, Turkish, Greek
    'hasło|klucz prywatny|heslo|lozinka|jelszó|şifre|şifresi|gizli anahtar|κωδικός πρόσβασης|συνθηματικό',
    // Hindi, Bengali, Chinese, Japanese, Korean, Vietnamese, Thai, Indonesian, Malay
    'पासवर्ड|কূটশব্দ|পাসওয়ার্ড|密码|密碼|口令|私钥|私鑰|パスワード|暗証番号|秘密鍵|비밀번호|암호|비밀 키',
    'mật khẩu|รหัสผ่าน|kata sandi|kata laluan',
  ],
  token: [
    'token|access token|auth token|bearer token|refresh token|id token|session token|csrf token|xsrf token|api token',
    'security token|access tokens|refresh tokens|api tokens|auth tokens|jwt|csrf|xsrf|authenticity token|xoauth',
    'api key|api keys|apikey|app key|access key|account key|shared access key|subscription key|storage key',
    'auth key|service key|admin key|function key|license key|licence key|session key|consumer key|server key|ssh key',
    'webhook secret|webhook key|hmac key|crypt key|host key|secrets|passwords|passwds',
    'session id|sessionid|session|sid|php sess id|phpsessid|jsessionid|j session id|asp net session id|connect sid',
    'auth|x auth|auth data|auth header|sas token|signature|amz signature|sig|hmac|pass|pwd|salt',
    'bot token|dsn|database url|db url|redis url|mongo url|mongodb uri|mongo uri|amqp url|broker url',
    'טוקן|אסימון|מפתח api|מפתח גישה|токен|ключ api|апи ключ|api ключ|ключ доступа|ключ доступу|сессия|jeton',
    'clé api|clé d api|clave api|clave de api|clave|chave api|chave de api|chiave api|api schlüssel|zugriffstoken|zugangsschlüssel',
    'klucz api|api klíč|api anahtarı|erişim anahtarı|令牌|密钥|密鑰|访问密钥|トークン|api キー|アクセスキー|토큰|api 키',
    'khóa api|kunci api|رمز الوصول|مفتاح api|टोकन|τοκεν|κωδικός',
  ],
  code: [
    'otp|totp|pin|pin code|pincode|cvv|cvv 2|cvc|cvc 2|security code|verification code|auth code|one time code',
    'mfa code|2 fa code|two factor code|sms code|confirmation code|access code|login code|backup code|recovery code',
    'קוד אימות|קוד גישה|קוד חד פעמי|пин|пин код|пінкод|пін код|код подтверждения|код доступа|код підтвердження',
    'код доступу|код из смс|одноразовый код|одноразовий код|código de verificación|code de vérification|verificatiecode',
    'bestätigungscode|código de verificação|codice di verifica|kod weryfikacyjny|doğrulama kodu|验证码|驗證碼|認証コード|인증번호',
    'رمز التحقق|mã xác nhận|kode verifikasi',
  ],
  header: [
    'authorization|proxy authorization|http authorization|x forwarded authorization|www authorization',
  ],
  cookie: ['cookie|cookies|set cookie|http cookie'],
  phone: [
    'phone|phone number|phone no|telephone|telephone number|tel|mobile|mobile number|mobile phone|cell|cell phone',
    'cellphone|msisdn|whatsapp|whatsapp number|fax|телефон|номер телефона|номер телефону|мобильный|мобільний|тел',
    'טלפון|מספר טלפון|נייד|מספר נייד|פלאפון|telefon|telefonnummer|handynummer|téléphone|numéro de téléphone',
    'teléfono|número de teléfono|celular|telefone|telemóvel|telefono|numero di telefono|numer telefonu|puhelin',
    'هاتف|رقم الهاتف|رقم الجوال|手机|手机号|手机号码|电话|電話|電話番号|携帯|전화|전화번호|휴대폰|फोन|số điện thoại|nomor telepon',
  ],
  card: [
    'card|card number|card no|credit card|credit card number|debit card|cc number|ccnum|pan|номер карты|номер картки',
    'מספר כרטיס|כרטיס אשראי|kartennummer|kreditkarte|numéro de carte|número de tarjeta|tarjeta|número do cartão|numer karty|银行卡号|卡号',
  ],
};

/** Last words that say more about whose or which, not what: the name before them counts. */
export const trailingQualifiers =
  'value|val|text|plain|plaintext|raw|old|new|current|previous|temp|temporary|initial|confirm|confirmation|again|repeat|' +
  'hash|hashed|encrypted|enc|encoded|str|string|header|env|prod|production|staging|stage|dev|development|test|live|' +
  'primary|secondary|main|default|backup|is|was|my|your|his|her|' +
  'שלי|שלך|שלו|שלה|שלנו|היא|הוא|המשתמש|משתמש|это|пользователя|користувача|админа|администратора|адміністратора';

/** Last words that make a name speak about a secret without holding it: `secret_name`, `password_length`. */
export const describingLastWords =
  'count|counts|length|len|size|type|types|kind|id|ids|name|names|version|status|state|policy|policies|expires|expiry|' +
  'expired|expiration|expire|at|on|in|ttl|age|date|time|timestamp|created|updated|changed|change|rotated|rotation|valid|' +
  'invalid|ok|set|present|exists|exist|required|enabled|disabled|attempts|attempt|retries|failures|failed|failure|errors|' +
  'error|reset|resets|recovery|strength|score|hint|uri|endpoint|path|file|filename|field|label|provider|manager|service|' +
  'store|source|method|algorithm|algo|alg|usage|used|limit|limits|budget|rate|per|second|price|cost|index|position|bucket|' +
  'ms|seconds|sec|duration|prefix|suffix|format|rule|rules|regex|generator|validator|page|form|input|prompt|screen|' +
  'handler|controller|event|action|flow|request|response|scope|scopes|issuer|audience|owner|role|arn|ref|reference|key|' +
  'not|found|missing|check|checked|checks|match|matches|matched|verified|verification|lookup|mode|level|total|sent|' +
  'protected|option|options|config|settings|table|column|engine|backend|vault|scanner|scan|detected|leaked';

/** First words of a name that asks or counts: `has_password`, `max_token`. */
export const askingFirstWords =
  'is|has|have|can|should|needs|need|requires|require|required|max|min|total|num|number|avg|sum|count|use|uses|using|' +
  'enable|enabled|disable|disabled|allow|allows|no|without|forgot|show|hide';

/** What a token is called that opens nothing. */
export const harmlessTokenWords =
  'next|prev|previous|page|pagination|continuation|cursor|cancellation|cancel|unexpected|stop|eos|bos|pad|unk|mask|' +
  'design|parser|syntax|lexer|illegal|stray|unknown|sort|partition|primary|foreign';

/** `password for admin: x` */
export const ownerConnectors = 'for|of|для|от|від|עבור|של|für|von|para|pour|per';
