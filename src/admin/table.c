/* Every verb of the command line. A file of verbs adds its table here. */
#include "admin/backup.h"
#include "admin/config.h"
#include "admin/guard.h"
#include "admin/guard_explain.h"
#include "admin/held.h"
#include "admin/help.h"
#include "admin/init.h"
#include "admin/salvage.h"
#include "admin/scan.h"
#include "admin/trace.h"
#include "admin/verify.h"

const struct admin_verb *const admin_tables[] = {
    admin_init_verbs,
    admin_people_verbs,
    admin_verify_verbs,
    admin_backup_verbs,
    admin_salvage_verbs,
    admin_trace_verbs,
    admin_scan_verbs,
    admin_config_verbs,
    admin_guard_verbs,
    admin_explain_verbs,
    admin_held_verbs,
    admin_help_verbs,
    NULL,
};
