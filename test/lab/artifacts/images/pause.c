/* The process that holds a pod's namespaces: waits for ever and collects orphans.
 * Any argument (`pause -v`) ends it with success: an upgrade runs it so to try the cluster. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void end(int signal) {
  (void)signal;
  _exit(0);
}

static void collect(int signal) {
  (void)signal;
  while (waitpid(-1, NULL, WNOHANG) > 0) {
  }
}

int main(int count, char **arguments) {
  (void)arguments;
  if (count > 1) return 0;
  signal(SIGINT, end);
  signal(SIGTERM, end);
  signal(SIGCHLD, collect);
  for (;;) pause();
}
