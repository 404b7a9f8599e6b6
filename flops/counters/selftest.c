/* Known numbers of operations. Each operation stands behind a barrier: the compiler can neither drop nor join any. */
#include <math.h>

#if defined(__x86_64__)
#define KEEP(x) __asm__ volatile("" : "+x"(x))
#elif defined(__aarch64__)
#define KEEP(x) __asm__ volatile("" : "+w"(x))
#else
#define KEEP(x) __asm__ volatile("" : "+m"(x))
#endif
#define DO(operation) r = (operation); KEEP(r)
#define TWICE(operation) DO(operation); DO(operation)

void arithmetic(long n, double *x)
{
    double a = x[0], b = x[1], r = x[2];
    for (long i = 0; i < n; i++) {
        TWICE(r + a); DO(r + b);
        TWICE(r - b);
        TWICE(r * a); TWICE(r * b); DO(b * r);
        TWICE(r / a);
#ifdef FUSED
        TWICE(__builtin_fma(r, a, b)); TWICE(__builtin_fma(r, b, a));
#endif
    }
    x[2] = r;
}

void functions(long n, double *x)
{
    double a = x[0], r = x[2];
    for (long i = 0; i < n; i++) {
        KEEP(a);
        DO(sqrt(a));
        int less = r < a;
        __asm__ volatile("" : "+r"(less));
        int more = r > x[1];
        __asm__ volatile("" : "+r"(more));
        DO(exp(a));
        TWICE(-r);
    }
    x[2] = r;
}
