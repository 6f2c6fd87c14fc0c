import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { processRoles, variables } from '../../src/domain/variables.ts';
import {
  colourLabel,
  documentsOf,
  faultOf,
  type Manifest,
  manifestsOf,
  renderedNames,
  roleLabel,
} from '../support/manifests.ts';

// The manifests as kustomize has made them: what a cluster gets.
const all = renderedNames.flatMap((name) => manifestsOf(name));
const distributed = [...manifestsOf('distributed'), ...manifestsOf('blue')];
const kindsOf = (manifests: Manifest[], ...kinds: string[]) =>
  manifests.filter(({ kind }) => kinds.includes(kind));
const workloads = kindsOf(all, 'Deployment', 'StatefulSet');
const named = workloads.map((workload) => [workload.metadata.name, workload] as const);
const roleOf = (workload: Manifest) => workload.spec.template.metadata.labels[roleLabel] ?? '';
const envOf = (workload: Manifest) => workload.spec.template.spec.containers.flatMap(({ env = [] }) => env);
const faultsOf = (names: string[]) => names.map(faultOf).filter((fault) => fault !== '');

/** The engine's own time for giving back what it holds; the pod's must hold it, and the wait before it. */
const drainSeconds = 9;

describe.each(named)('%s', (_name, workload) => {
  const pod = workload.spec.template.spec;

  it('runs as nobody in particular, may change nothing of itself and asks the cluster for nothing', () => {
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: expect.any(Number),
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(pod).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
    for (const { securityContext } of pod.containers)
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
  });

  it('is asked whether it has started, lives and serves, each by its own question', () => {
    for (const { startupProbe, livenessProbe, readinessProbe } of pod.containers) {
      expect([startupProbe?.httpGet.path, livenessProbe?.httpGet.path, readinessProbe?.httpGet.path]).toEqual(
        ['/health', '/health', '/ready'],
      );
    }
  });

  it('has time to stop cleanly', () => {
    const waits = pod.containers.map(({ lifecycle }) => Number(lifecycle?.preStop.exec.command[1]));
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(Math.max(...waits) + drainSeconds);
  });

  it('says what it needs of the machine, and how much memory it may take', () => {
    for (const { resources } of pod.containers) {
      expect(Object.keys(resources.requests)).toEqual(expect.arrayContaining(['cpu', 'memory']));
      expect(Object.keys(resources.limits)).toContain('memory');
    }
  });

  it('can write where the engine writes', () => {
    for (const { volumeMounts } of pod.containers) {
      const writable = volumeMounts.filter(({ readOnly }) => readOnly !== true);
      expect(writable.map(({ mountPath }) => mountPath).sort()).toEqual(['/data', '/tmp']);
    }
  });

  it('sets variables that exist, and gives each secret as a file', () => {
    expect(faultsOf(envOf(workload).map(({ name }) => name))).toEqual([]);
    const mounted = pod.containers.flatMap(({ volumeMounts }) =>
      volumeMounts.map(({ mountPath }) => mountPath),
    );
    const files = envOf(workload).filter(({ name }) => name.endsWith('_FILE'));
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter(({ value = '' }) => !mounted.some((path) => value.startsWith(`${path}/`)))).toEqual(
      [],
    );
  });

  it('names the version of its image', () => {
    for (const { image } of pod.containers) expect(image).toMatch(/:(?!latest)[\w.-]+$/);
  });
});

describe('the manifests of the distributed profile', () => {
  const parts = kindsOf(distributed, 'Deployment', 'StatefulSet');

  it('have a process for each role, and one role for each process', () => {
    const roles = parts.map((part) => envOf(part).find(({ name }) => name === 'CHRONOSCOPE_ROLES')?.value);
    expect([...roles].sort()).toEqual([...processRoles].sort());
    expect(parts.map(roleOf)).toEqual(roles);
  });

  it('give every process but the bot a second one, and let a node take one of them at a time', () => {
    const scaled = new Map(
      kindsOf(distributed, 'HorizontalPodAutoscaler').map(({ spec }) => [spec.scaleTargetRef?.name, spec]),
    );
    const replicas = new Map(
      parts.map((part) => [roleOf(part), part.spec.replicas ?? scaled.get(part.metadata.name)?.minReplicas]),
    );
    expect(replicas.get('bot')).toBe(0);
    const several = [...replicas].filter(([role]) => role !== 'bot');
    expect(several.filter(([, count = 0]) => count < 2)).toEqual([]);
    const budgets = kindsOf(distributed, 'PodDisruptionBudget').map(
      ({ spec }) => spec.selector.matchLabels[roleLabel],
    );
    expect([...budgets].sort()).toEqual(several.map(([role]) => role).sort());
  });

  it('never ask for more projections than there are lanes', () => {
    const lanes = kindsOf(distributed, 'ConfigMap').map(({ data }) => Number(data?.CHRONOSCOPE_LANES));
    const scaler = kindsOf(distributed, 'HorizontalPodAutoscaler').find(
      ({ metadata }) => metadata.labels?.[roleLabel] === 'project',
    );
    expect(new Set(lanes).size).toBe(1);
    expect(scaler?.spec.maxReplicas).toBe(lanes[0]);
  });

  it('open the ports that a role uses, and no others', () => {
    const policies = kindsOf(distributed, 'NetworkPolicy');
    const chosen = (policy: Manifest, role: string) => {
      const { matchExpressions = [], matchLabels = {} } = policy.spec.podSelector;
      return (
        matchExpressions.every(({ key, values }) => key === roleLabel && values.includes(role)) &&
        (matchLabels[roleLabel] ?? role) === role
      );
    };
    const portsOf = (role: string, way: 'ingress' | 'egress') =>
      policies
        .filter((policy) => chosen(policy, role))
        .flatMap(({ spec }) => spec[way] ?? [])
        .flatMap(({ ports }) => ports ?? [{ port: 0 }])
        .map(({ port }) => port);
    const [names, log, redis, feed, read] = [53, 2113, 6379, 9092, 8123];
    const outside = [443, 465, 587];
    const wanted: Record<(typeof processRoles)[number], number[]> = {
      ingest: [],
      relay: [feed],
      project: [feed, read],
      alert: [443],
      notify: outside,
      api: [read],
      bot: [read, ...outside],
    };
    for (const role of processRoles) {
      expect(new Set(portsOf(role, 'egress')), role).toEqual(new Set([names, log, redis, ...wanted[role]]));
      expect(new Set(portsOf(role, 'ingress')), role).toEqual(new Set([7070]));
    }
  });
});

describe('all manifests', () => {
  it('forbid what no policy allows', () => {
    for (const name of ['single', 'distributed'] as const) {
      const denied = manifestsOf(name).find(({ metadata }) => metadata.name === 'deny-all');
      expect(denied?.spec).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
    }
  });

  it('set nothing in a ConfigMap that is a secret or does not exist', () => {
    const settings = kindsOf(all, 'ConfigMap').flatMap(({ data = {} }) => Object.entries(data));
    expect(faultsOf(settings.map(([name]) => name))).toEqual([]);
    for (const [name, value] of settings) {
      const variable = variables[name.replace('CHRONOSCOPE_', '') as keyof typeof variables];
      expect(variable.schema.safeParse(value).success, `${name}=${value}`).toBe(true);
    }
  });

  it('hold no Secret: none belongs into a repository', () => {
    expect(kindsOf(all, 'Secret')).toEqual([]);
  });

  it('let a Service find pods of one colour, on a port that they have', () => {
    for (const service of kindsOf(all, 'Service')) {
      const { selector } = service.spec;
      const found = workloads.filter(({ spec: { template } }) =>
        Object.entries(selector).every(([name, value]) => template.metadata.labels[name] === value),
      );
      expect(
        found.map(({ metadata }) => metadata.name),
        service.metadata.name,
      ).toHaveLength(
        // The one process stands in one file, what has a colour in that of its colour.
        1,
      );
    }
  });

  it('have two colours that differ in nothing but their colour', () => {
    const text = (name: string) =>
      readFileSync(`deploy/kubernetes/generated/${name}.yaml`, 'utf8').replaceAll(name, 'colour');
    expect(text('blue').replace(/-colour-\w{10}\b/g, '')).toBe(
      text('green').replace(/-colour-\w{10}\b/g, ''),
    );
    const colours = kindsOf(manifestsOf('live'), 'Service').map(({ spec }) => spec.selector[colourLabel]);
    expect(new Set(colours).size).toBe(1);
  });
});

const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;
const folderOf = (name: string) => (['blue', 'green'].includes(name) ? `colours/${name}` : name);

describe('the made manifests', () => {
  it.skipIf(!hasKubectl).each(renderedNames)(
    '%s are what kustomize makes of their folder (asks kubectl)',
    (name) => {
      const { stdout } = spawnSync('kubectl', ['kustomize', `deploy/kubernetes/${folderOf(name)}`], {
        encoding: 'utf8',
      });
      // Documents and not text: versions of kustomize differ in their order.
      const sorted = (manifests: Manifest[]) => manifests.map((one) => JSON.stringify(one)).sort();
      expect(sorted(manifestsOf(name))).toEqual(sorted(documentsOf(stdout)));
    },
  );
});
