import { deployContract } from './contract.ts';
import { startReceiver } from './receiver.ts';

const noIdea = 'the receiver is not asked what is live, and its own rollback has to know';

deployContract({
  adapter: 'http',
  make: startReceiver,
  lacks: {
    check: 'nothing can be asked of a receiver without asking for a deploy',
    before: noIdea,
    find: 'the receiver tells runs apart by their key: the same POST again asks for the same run',
    live: noIdea,
    forget: noIdea,
    changeByHand: noIdea,
    stopped: 'a receiver is not told to stop',
  },
});
