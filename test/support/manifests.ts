import { readFileSync } from 'node:fs';
import { parse, parseAllDocuments } from 'yaml';
import { type Variable, variables } from '../../src/domain/variables.ts';

/** What is in deploy/, read as its tools would, but for what they would refuse themselves. */

interface Probe {
  httpGet: { path: string; port: string };
}

export interface Container {
  name: string;
  image: string;
  env?: { name: string; value?: string }[];
  ports: { name: string; containerPort: number }[];
  resources: { requests: Record<string, string>; limits: Record<string, string> };
  securityContext: Record<string, unknown>;
  startupProbe?: Probe;
  readinessProbe?: Probe;
  livenessProbe?: Probe;
  lifecycle?: { preStop: { exec: { command: string[] } } };
  volumeMounts: { name: string; mountPath: string; readOnly?: boolean }[];
}

export interface PodSpec {
  containers: Container[];
  enableServiceLinks?: boolean;
  automountServiceAccountToken?: boolean;
  terminationGracePeriodSeconds: number;
  securityContext: Record<string, unknown>;
  volumes: { name: string; secret?: object; projected?: { sources: { secret?: { name: string } }[] } }[];
}

interface PolicyRule {
  ports?: { port: number }[];
}

export interface Manifest {
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  data?: Record<string, string>;
  automountServiceAccountToken?: boolean;
  spec: {
    replicas?: number;
    minReplicas?: number;
    maxReplicas?: number;
    scaleTargetRef?: { name: string };
    selector: Record<string, string> & { matchLabels: Record<string, string> };
    template: { metadata: { labels: Record<string, string> }; spec: PodSpec };
    podSelector: {
      matchLabels?: Record<string, string>;
      matchExpressions?: { key: string; values: string[] }[];
    };
    ingress?: PolicyRule[];
    egress?: PolicyRule[];
  };
}

export const renderedNames = ['single', 'distributed', 'blue', 'green', 'live'] as const;

export const documentsOf = (text: string): Manifest[] =>
  parseAllDocuments(text).map((document) => document.toJS());

export const manifestsOf = (name: (typeof renderedNames)[number]): Manifest[] =>
  documentsOf(readFileSync(`deploy/kubernetes/generated/${name}.yaml`, 'utf8'));

export const roleLabel = 'app.kubernetes.io/component';
export const colourLabel = 'chronoscope.dev/colour';

export interface Service {
  image?: string;
  build?: object;
  user?: string;
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  mem_limit?: string;
  stop_grace_period?: string;
  healthcheck?: { test: string[] };
  environment?: Record<string, string>;
  depends_on?: Record<string, { condition: string }>;
  networks?: string[];
  ports?: string[];
  secrets?: (string | { source: string })[];
}

export interface ComposeFile {
  services: Record<string, Service>;
  networks?: Record<string, { internal?: boolean } | null>;
  secrets: Record<string, { file: string }>;
}

export const composeFile = (name: string): ComposeFile =>
  parse(readFileSync(`deploy/${name}`, 'utf8'), { merge: true });

/** Why a variable that a manifest sets is not one that the engine takes in that way; empty when it is. */
export function faultOf(name: string): string {
  const isFile = name.endsWith('_FILE');
  const short = name.replace(/^CHRONOSCOPE_/, '').replace(/_FILE$/, '');
  const known: Record<string, Variable> = variables;
  const definition = known[short];
  if (definition === undefined) return `${name} does not exist`;
  if (isFile && definition.secret !== true) return `${name} is no secret, and takes no file`;
  return !isFile && definition.secret === true ? `${name} is a secret in plain sight` : '';
}
