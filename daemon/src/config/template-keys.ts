/** The keys of a `[[template]]` table (SPEC 2.3), each declared once: check and meaning. */
import * as z from 'zod';
import { key } from './key.ts';

export const templateKeys = {
  /** [P] Text. */
  name: key(
    z.string().refine((given) => given.trim() !== '' && given.length <= 100, 'is not a valid name'),
    {
      about: 'What `[process.template]` calls it.',
      allowed: 'a text of 1-100 characters',
      example: `name = "SLEEPER"\ntemplate = 'command = "sleep {{ seconds }}"'`,
    },
  ),
  /** [P] A piece of TOML. */
  template: key(z.string(), {
    about: 'Keys of a process, as TOML, with `{{ NAME }}` where its variables go.',
    allowed: "TOML within ''' and '''",
    example: `name = "SLEEPER"\ntemplate = '''\ncommand = "sleep {{ seconds }}"\nstop = "echo {{ seconds }} are over"\n'''`,
  }),
};
