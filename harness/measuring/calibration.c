/* The work that kernels' times are divided by: a neuron-like chain of dependent operations, the same in every version
   of this package. Nothing in it comes from a model, a method, or what prints kernels. */

void calibration(long turns, double *state)
{
    double v = state[0], u = state[1];
    for (long i = 0; i < turns; i++) {
        double rate = 1.0 / (1.0 + v * v);
        u = u + 0.01 * (rate - u);
        v = v + 0.01 * (1.5 * u - v);
    }
    state[0] = v;
    state[1] = u;
}
