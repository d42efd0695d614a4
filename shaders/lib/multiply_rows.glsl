// Within the loops of convolve_matrix.glsl and winograd_multiply.glsl: the rows of a step's copies are multiplied.

int a_from = (step & 1) * A_SIZE + column;
int b_from = (step & 1) * B_SIZE + row;
// By a bound that compilers do not know: they would fetch the copies of all rows at once.
int some = min(K4, rows - step * K4);
for (int k4 = 0; k4 < some; k4++) {
    int a_at = a_from + k4 * THREADS_M, b_at = b_from + k4 * THREADS_N;
#include "lib/multiply_copies.glsl"
}
#include "lib/sum_copies.glsl"
