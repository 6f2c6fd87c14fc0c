/** The role that analysts' sessions take on, where the engine's users have been set up with `analystUsers`. */
export const analystRole = 'analyst';

/**
 * Users of the engine for its configuration (`<users_config>`): the program itself keeps every right through one
 * role, and a session that takes on the other instead can read these databases and nothing else, whatever it asks.
 * Views have to be made with `SQL SECURITY DEFINER`, so that they may read the tables behind them.
 */
export const analystUsers = (readable: readonly string[]): string => `<clickhouse>
  <profiles><default/></profiles>
  <quotas><default/></quotas>
  <roles>
    <program><grants><query>GRANT ALL ON *.*</query></grants></program>
    <${analystRole}><grants>
${readable.map((database) => `      <query>GRANT SELECT ON ${database}.*</query>`).join('\n')}
    </grants></${analystRole}>
  </roles>
  <users>
    <default>
      <password></password>
      <networks><ip>::/0</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
      <grants><query>GRANT program</query><query>GRANT ${analystRole}</query></grants>
    </default>
  </users>
</clickhouse>
`;
