// The commit that is built: in a target of its own, so that another commit compiles one line anew and not the program.
#ifndef CCOMMIT_H
#define CCOMMIT_H
/// As git names it, shortened, with `.modified` behind it where files differ from it; empty outside of a clone.
extern const char *const echoprep_commit;
#endif
