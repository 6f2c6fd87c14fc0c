import type { Random } from './random.ts';

/** The bot's users: some hundreds, in several languages, awake when their part of the world is. */
export interface Person {
  id: string;
  language: Language;
  /** How much of the traffic is theirs: few write much, many write little. */
  weight: number;
}

export interface Language {
  code: string;
  /** Hours east of UTC where most of its speakers here live. */
  zone: number;
  share: number;
  searches: readonly [string, ...string[]];
}

const languages: readonly [Language, ...Language[]] = [
  {
    code: 'en',
    zone: -5,
    share: 34,
    searches: ['retry policy for webhooks', 'how to rotate a token', 'release notes', 'flaky test in CI'],
  },
  {
    code: 'es',
    zone: -5,
    share: 16,
    searches: [
      'cómo exportar el informe',
      'límite de peticiones',
      'última versión',
      '¿por qué falla la copia?',
    ],
  },
  {
    code: 'de',
    zone: 1,
    share: 12,
    searches: [
      'Anhänge größer als 20 MB',
      'Zugriff für Gäste',
      'Änderungen seit gestern',
      'Prüfung schlägt fehl',
    ],
  },
  { code: 'fr', zone: 1, share: 9, searches: ['dépôt privé', 'créer une étiquette', 'déploiement échoué'] },
  { code: 'pt', zone: -3, share: 9, searches: ['configuração do bot', 'relatório da semana', 'permissões'] },
  {
    code: 'ru',
    zone: 3,
    share: 8,
    searches: ['ошибка при сохранении файла', 'список задач', 'новый проект'],
  },
  { code: 'ja', zone: 9, share: 6, searches: ['リリース手順', '検索の並び順', '通知を止める'] },
  { code: 'zh', zone: 8, share: 4, searches: ['同步仓库失败', '如何备份', '权限设置'] },
  { code: 'ar', zone: 3, share: 2, searches: ['تقرير الأسبوع', 'إعدادات الإشعارات'] },
];

const totalShare = languages.reduce((sum, { share }) => sum + share, 0);
const population = 420;
const hourMs = 3_600_000;

/** How awake a place is, 0.12 to 1: quiet at night, a rise over the morning, the most in the evening. */
function awake(localHour: number): number {
  const bump = (centre: number, width: number) => {
    const away = Math.min(Math.abs(localHour - centre), 24 - Math.abs(localHour - centre));
    return Math.exp(-((away / width) ** 2));
  };
  return Math.min(1, 0.12 + 0.7 * bump(11, 3.5) + 0.8 * bump(20, 3));
}

const awakeNow = (language: Language, time: number): number => {
  const local = time + language.zone * hourMs;
  const weekday = new Date(local).getUTCDay();
  const weekend = weekday === 0 || weekday === 6 ? 0.7 : 1;
  return weekend * awake((local / hourMs) % 24);
};

/** Traffic at this moment, where 1 is everyone awake at once. */
export function activity(time: number): number {
  const awakeShares = languages.map((language) => language.share * awakeNow(language, time));
  return awakeShares.reduce((sum, share) => sum + share, 0) / totalShare;
}

export interface People {
  all: readonly Person[];
  /** Who writes at this moment. */
  someone(random: Random, time: number): Person;
}

/** Each person as often as their weight says, so that drawing one takes a single step. */
function tickets(random: Random, speakers: readonly [Person, ...Person[]]): [Person, ...Person[]] {
  const first = random.weighted(speakers, ({ weight }) => weight);
  const others = Array.from({ length: 400 }, () => random.weighted(speakers, ({ weight }) => weight));
  return [first, ...others];
}

export function createPeople(random: Random): People {
  const groups = languages.map((language) => {
    const count = Math.max(1, Math.round((population * language.share) / totalShare));
    const person = () => ({ id: `u-${random.hex(6)}`, language, weight: random.logNormal(1, 1.1) });
    const speakers: [Person, ...Person[]] = [person(), ...Array.from({ length: count - 1 }, person)];
    return { language, speakers, drawn: tickets(random, speakers) };
  });
  const [first, ...others] = groups;
  if (first === undefined) throw new Error('a population has people');
  return {
    all: groups.flatMap(({ speakers }) => speakers),
    someone(chance, time) {
      const group = chance.weighted([first, ...others], ({ language }) => {
        return language.share * awakeNow(language, time);
      });
      return chance.pick(group.drawn);
    },
  };
}
