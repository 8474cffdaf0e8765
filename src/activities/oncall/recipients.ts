import type { Notification } from '../../process/notifications.ts';
import type { OnCallFound, RotasToAsk } from '../../process/outcomes.ts';

/** The rotas of all the messages; of what several know of one, the newest. */
export function rotasOf(notifications: readonly Notification[]): RotasToAsk {
  const asked: RotasToAsk = {};
  for (const [rota, known] of notifications.flatMap(({ rotas = {} }) => Object.entries(rotas))) {
    const before = Object.hasOwn(asked, rota) ? asked[rota] : null;
    asked[rota] = before && (!known || before.asOf > known.asOf) ? before : known;
  }
  return asked;
}

/** The message to whoever is on call; a rota that gives nobody is told by its name. */
export function addressed(
  { rotas: _rotas, ...notification }: Notification,
  found: readonly OnCallFound[],
): Notification {
  const peopleBehind = (name: string): string[] => {
    const people = found.find(({ rota }) => rota === name)?.people ?? [];
    return people.length > 0 ? people : [name];
  };
  const recipients = [...new Set(notification.recipients.flatMap(peopleBehind))];
  return { ...notification, recipients };
}
