/** The role that analysts' sessions take on. */
export const analystRole = 'analyst';

/**
 * Users of the engine for its configuration (`<users_config>`): the program itself keeps every right through one
 * role, and a session that takes on the other instead can read no table but those of these databases, whatever it
 * asks. Views read the tables behind them with the rights of the program, which made them.
 */
export const engineUsers = (readable: readonly string[]): string => `<clickhouse>
  <profiles>
    <default><default_normal_view_sql_security>DEFINER</default_normal_view_sql_security></default>
  </profiles>
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
