/* Runs a function one instruction at a time, by the processor's trap flag, and counts the executions of each address. */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <ucontext.h>

enum { SLOTS = 1 << 16, TRAP_FLAG = 1 << 8 };
struct slot { unsigned long address, count; };

static struct slot *slots;
static int full;

static void trapped(int number, siginfo_t *info, void *context)
{
    const unsigned long address = ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP]; /* about to be executed */
    (void)number;
    (void)info;
    unsigned long at = (address * 0x9E3779B97F4A7C15ul) >> 48;
    for (int tried = 0; tried < SLOTS; tried++, at = (at + 1) % SLOTS) {
        if (slots[at].address == address || slots[at].address == 0) {
            slots[at].address = address;
            slots[at].count++;
            return;
        }
    }
    full = 1;
}

/* The System V convention: the first six integers and eight doubles go in registers, further integers on the stack;
   what a function does not expect does it no harm. */
typedef void function(long, long, long, long, long, long, double, double, double, double, double, double, double,
                      double, long, long, long, long, long, long);

/* Returns 0, or 1 if there were more addresses than slots, or 2 if the signal could not be caught. */
int run_stepped(function *f, const long *i, const double *d, struct slot *counts)
{
    struct sigaction action, before;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = trapped;
    action.sa_flags = SA_SIGINFO;
    slots = counts;
    full = 0;
    if (sigaction(SIGTRAP, &action, &before)) return 2;
    __asm__ volatile("pushfq\n\torq %0, (%%rsp)\n\tpopfq" :: "i"(TRAP_FLAG) : "memory", "cc");
    f(i[0], i[1], i[2], i[3], i[4], i[5], d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7], i[6], i[7], i[8], i[9], i[10],
      i[11]);
    __asm__ volatile("pushfq\n\tandq %0, (%%rsp)\n\tpopfq" :: "i"(~TRAP_FLAG) : "memory", "cc");
    sigaction(SIGTRAP, &before, 0);
    return full;
}
