/* Every verb of the command line. A file of verbs adds its table here. */
#include "admin/config.h"
#include "admin/help.h"

const struct admin_verb *const admin_tables[] = {
    admin_config_verbs,
    admin_help_verbs,
    NULL,
};
