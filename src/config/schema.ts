import { z } from 'zod';
import { argoCdConfigSchema } from '../activities/deploy/argocd.ts';
import { commandConfigSchema } from '../activities/deploy/command.ts';
import { githubDeploymentConfigSchema } from '../activities/deploy/github/deployment.ts';
import { githubWorkflowConfigSchema } from '../activities/deploy/github/workflow.ts';
import { httpDeployConfigSchema } from '../activities/deploy/http.ts';
import { kubernetesConfigSchema } from '../activities/deploy/kubernetes/config.ts';
import { manualConfigSchema } from '../activities/deploy/manual.ts';
import { commandMeasureConfigSchema } from '../activities/monitoring/command.ts';
import { soak } from '../activities/monitoring/config.ts';
import { httpProbeConfigSchema } from '../activities/monitoring/http.ts';
import { jsonConfigSchema } from '../activities/monitoring/json.ts';
import { prometheusConfigSchema } from '../activities/monitoring/prometheus.ts';
import { emailChannelConfigSchema } from '../activities/notify/email/channel.ts';
import { logChannelConfigSchema } from '../activities/notify/log.ts';
import { pagerDutyChannelConfigSchema } from '../activities/notify/pagerduty.ts';
import { slackChannelConfigSchema } from '../activities/notify/slack/channel.ts';
import { teamsChannelConfigSchema } from '../activities/notify/teams/channel.ts';
import { webhookChannelConfigSchema } from '../activities/notify/webhook.ts';
import { icalRotaConfigSchema } from '../activities/oncall/ical.ts';
import { pagerDutyRotaConfigSchema } from '../activities/oncall/pagerduty.ts';
import { incidentTrackerConfigSchema } from '../activities/tracker/incident.ts';
import { linksConfigSchema } from '../links/config.ts';
import { incidentRequestSchema } from '../process/events.ts';
import { type Phase, phases, phaseTitles, type Role, roleIds, roles } from '../process/phases.ts';
import { escalationSchema, policySchema } from '../process/policy.ts';

/** How a person or a tool is named in the file, in signals and in the history. */
export const idSchema = z
  .string()
  .max(100)
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.@-]*$/, {
    error: 'must be letters, digits and _ . @ -, starting with a letter or digit',
  });

const tokenHash = z.string().regex(/^sha256:[0-9a-fA-F]{64}$/, {
  error: 'must be sha256: and 64 hexadecimal digits, as `npm run token -- PERSON` prints it',
});

const tokenSchema = z
  .union([tokenHash, z.array(tokenHash).min(1)])
  .transform((value) => [value].flat().map((hash) => hash.toLowerCase()))
  .describe(
    'The SHA-256 of a token made by `npm run token -- PERSON`; several while a token is replaced',
  );

const personSchema = z
  .strictObject({
    name: z.string().trim().min(1).max(100).describe('As people read it'),
    contacts: z
      .strictObject({
        email: z.email().optional(),
        slack: z
          .string()
          .regex(/^[UW][A-Z0-9]{2,20}$/, {
            error: 'must be a member id of Slack, such as U012AB3CD',
          })
          .optional()
          .describe('The member id, which the profile in Slack shows'),
        pagerduty: z
          .string()
          .regex(/^P[A-Z0-9]{5,20}$/, { error: 'must be a user id of PagerDuty, such as P1A2B3C' })
          .optional()
          .describe("The user id, which is the end of the profile's address"),
      })
      .prefault({})
      .describe('Where they are reached'),
    token: tokenSchema.optional(),
  })
  .describe('Somebody who holds roles and sends signals');

const toolSchema = z
  .strictObject({ token: tokenSchema })
  .describe('A program that starts incidents, such as an alerting system');

const rolesSchema = z.strictObject(
  Object.fromEntries(
    roleIds.map((role) => [
      role,
      z.array(z.string()).min(1).optional().describe(`${roles[role].title}: ${roles[role].task}`),
    ]),
  ) as Record<Role, z.ZodOptional<z.ZodArray<z.ZodString>>>,
);

const escalationsSchema = z.strictObject(
  Object.fromEntries(
    phases.map((phase) => [phase, escalationSchema.optional().describe(phaseTitles[phase])]),
  ) as Record<Phase, z.ZodOptional<typeof escalationSchema>>,
);

const { escalation, ...fields } = policySchema.shape;

/** A field without its default. */
const inherited = <T extends z.ZodType>(field: z.ZodDefault<T>) =>
  field
    .unwrap()
    .optional()
    .describe(field.description ?? '');

/** The same keys as {@link policySchema}, without its defaults: what is not said here is inherited. */
export const partialPolicySchema = z.strictObject({
  escalation: escalationsSchema.prefault({}).describe(escalation.description ?? ''),
  retrospective: inherited(fields.retrospective),
  differentPeople: inherited(fields.differentPeople),
  rollbackOnFailedVerification: inherited(fields.rollbackOnFailedVerification),
  onFailedAnalysis: inherited(fields.onFailedAnalysis),
  answerWithin: inherited(fields.answerWithin),
  mayBypassReview: inherited(fields.mayBypassReview),
  mayManage: inherited(fields.mayManage),
});

const deploySchema = z.discriminatedUnion('adapter', [
  argoCdConfigSchema,
  commandConfigSchema,
  githubDeploymentConfigSchema,
  githubWorkflowConfigSchema,
  httpDeployConfigSchema,
  kubernetesConfigSchema,
  manualConfigSchema,
]);
export type DeployConfig = z.infer<typeof deploySchema>;

const environmentSchema = z.strictObject({
  deploy: deploySchema.describe('How a fix gets there'),
  rollback: deploySchema
    .optional()
    .describe('How it is taken back; without it by `deploy` where that can, else by hand'),
});
export type EnvironmentConfig = z.infer<typeof environmentSchema>;

const measureSchema = z.discriminatedUnion('adapter', [
  commandMeasureConfigSchema,
  httpProbeConfigSchema,
  jsonConfigSchema,
  prometheusConfigSchema,
]);
export type MeasureConfig = z.infer<typeof measureSchema>;

const analysisSchema = z.strictObject({
  soak,
  measures: z.array(measureSchema).min(1).describe('What is looked at, side by side'),
});
export type AnalysisConfig = z.infer<typeof analysisSchema>;

const serviceSchema = z.strictObject({
  roles: rolesSchema
    .prefault({})
    .describe('Who holds the roles for this service; a role not named here is as above'),
  policy: partialPolicySchema
    .prefault({})
    .describe("Over the defaults: a phase's escalation wholly, the other fields one by one"),
  deploy: z
    .strictObject({
      staging: environmentSchema.optional().describe('Gone through first, unless it is skipped'),
      production: environmentSchema,
    })
    .optional()
    .describe('Without it, people deploy by their own means and say when it is done'),
  monitoring: z
    .strictObject({
      staging: analysisSchema.optional().describe('After a deploy to staging'),
      production: analysisSchema.describe('After a deploy to production or a rollback'),
    })
    .optional()
    .describe("Without it, the monitor's and the tester's word counts alone"),
});
export type ServiceConfig = z.infer<typeof serviceSchema>;

const channelSchema = z.discriminatedUnion('adapter', [
  logChannelConfigSchema,
  emailChannelConfigSchema,
  pagerDutyChannelConfigSchema,
  slackChannelConfigSchema,
  teamsChannelConfigSchema,
  webhookChannelConfigSchema,
]);
export type ChannelConfig = z.infer<typeof channelSchema>;

const rotaSchema = z.discriminatedUnion('adapter', [
  icalRotaConfigSchema,
  pagerDutyRotaConfigSchema,
]);
export type RotaConfig = z.infer<typeof rotaSchema>;

const trackerSchema = z.discriminatedUnion('adapter', [incidentTrackerConfigSchema]);

/** The whole of `hotfix.yaml`. Durations in milliseconds once parsed. */
export const configSchema = z
  .strictObject({
    people: z
      .record(idSchema, personSchema)
      .default({})
      .describe('Who takes part; the key is the id'),
    tools: z
      .record(idSchema, toolSchema)
      .default({})
      .describe('Which programs may start incidents; the key is the id'),
    teams: z
      .record(idSchema, z.array(z.string()).min(1))
      .default({})
      .describe('People, and teams of them; the key is the name'),
    onCall: z
      .record(idSchema, rotaSchema)
      .default({})
      .describe('Rotas that say at the moment of need who is on call; the key is the name'),
    roles: rolesSchema
      .prefault({})
      .describe(
        'Who holds each role: people, teams and rotas; for every service that says nothing else',
      ),
    policy: partialPolicySchema
      .prefault({})
      .describe('The rules of every service that says nothing else'),
    unknownServices: z
      .enum(['accept', 'refuse'])
      .default('accept')
      .describe('Whether incidents of services that are not named below may be started'),
    services: z
      .record(incidentRequestSchema.shape.service, serviceSchema)
      .default({})
      .describe('What each service is connected to; the key is its name'),
    notifications: z
      .array(channelSchema)
      .default([{ adapter: 'log' }])
      .describe('How people are told'),
    links: linksConfigSchema.optional(),
    tracker: trackerSchema
      .default({ adapter: 'incident' })
      .describe('Where follow-up work is kept'),
  })
  .describe('The configuration of Hotfix');
export type Config = z.infer<typeof configSchema>;
