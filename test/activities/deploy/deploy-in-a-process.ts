import {
  commandConfigSchema,
  createCommandDeploy,
} from '../../../src/activities/deploy/command.ts';
import { activitiesWith, activityEnvironment, adapterDeps, deployStep } from '../support.ts';

const [dataDirectory = '', ...command] = process.argv.slice(2);
const config = commandConfigSchema.parse({ adapter: 'command', command });
const adapter = createCommandDeploy(config, adapterDeps({ dataDirectory }));
const { deploy } = activitiesWith({ deploy: adapter });
await activityEnvironment().execute(deploy, deployStep());
