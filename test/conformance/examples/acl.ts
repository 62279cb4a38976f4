import type { Examples } from '../support/example.js';

export const ACL: Examples = {
  acl: 'ACL NONSENSE',
  'acl|cat': `
    % ACL CAT
    % ACL CAT hash
    ACL CAT nonsense
    ACL CAT hash x
  `,
  'acl|deluser': `
    ACL SETUSER erin on >secret
    ACL DELUSER erin
    ACL DELUSER erin nobody
    ACL DELUSER default
  `,
  'acl|dryrun': `
    ACL SETUSER dora on nopass ~a* +get
    ACL DRYRUN dora GET a1
    ACL DRYRUN dora GET b1
    ACL DRYRUN dora SET a1 v
    ACL DRYRUN nobody GET a
    ACL DRYRUN dora NONSENSE
    ACL DELUSER dora
  `,
  'acl|genpass': `
    ACL GENPASS
    ACL GENPASS 5
    ACL GENPASS 0
    ACL GENPASS x
  `,
  'acl|getuser': `
    ACL SETUSER gina on >secret ~a* %R~b* &c* +@read -get (+set ~s)
    ACL GETUSER gina
    ACL GETUSER nobody
    ACL DELUSER gina
    ACL GETUSER default
  `,
  'acl|help': 'ACL HELP',
  'acl|list': `
    ACL SETUSER lisa on >secret ~a* +@read
    % ACL LIST
    ACL DELUSER lisa
    % ACL LIST
  `,
  'acl|load': 'ACL LOAD',
  'acl|log': `
    ACL LOG RESET
    ACL LOG
    ACL LOG 5
    ACL LOG x
    ACL LOG -1
    AUTH nobody nonsense
    ~ ACL LOG
    ACL LOG RESET
  `,
  'acl|save': 'ACL SAVE',
  'acl|setuser': `
    ACL SETUSER sara on >secret ~a* +get +set +ping
    ACL SETUSER sara nonsense
    ACL SETUSER sara +nonsense
    AUTH sara wrong
    AUTH sara secret
    SET a1 v
    GET a1
    GET b1
    DEL a1
    AUTH default nopass
    ACL DELUSER sara
  `,
  'acl|users': `
    ACL SETUSER ulla
    % ACL USERS
    ACL DELUSER ulla
    % ACL USERS
  `,
  'acl|whoami': `
    ACL WHOAMI
    ACL SETUSER will on >secret ~* +@all
    AUTH will secret
    ACL WHOAMI
    ACL DELUSER nobody
    AUTH default nopass
    ACL WHOAMI
    ACL DELUSER will
  `,
};
