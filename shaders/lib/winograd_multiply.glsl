// The products of the points of lib/winograd.glsl, each a product of matrices: a workgroup makes WORK_M cells × WORK_N
// channels of one point, WORK_K input channels at a time, from copies in shared memory; a thread makes THREAD_M × THREAD_N in
// registers. How the copies lie: lib/convolve_matrix.glsl.
#include "lib/winograd.glsl"

#define THREADS_M (WORK_M / THREAD_M)
#define THREADS_N (WORK_N / THREAD_N)
#define DEEP (THREAD_N / 4)
#define K4 (WORK_K / 4)

#define A_UNITS (WORK_M / EACH * K4)
#define A_SIZE (K4 * THREADS_M)
#define B_UNITS (WORK_N * K4)
#define B_SIZE (K4 * THREADS_N)
#include "lib/copies.glsl"
int point = int(gl_WorkGroupID.z);
int first_unit = group / u_grid.y * (WORK_M / EACH);
int column = me % THREADS_M;
int row = me / THREADS_M;

#if RUN == 0
#define COPY(point) point
#elif defined(HALVES)
#define COPY(point) point
#define BITS(pair) packFloat2x16(pair)
#else
vec4 lanes_of(uvec4 bits, int k) {
    return vec4(unpackHalf2x16(bits.x)[k], unpackHalf2x16(bits.y)[k], unpackHalf2x16(bits.z)[k], unpackHalf2x16(bits.w)[k]);
}
#define COPY(point) copy_of(lanes_of(point, 0), lanes_of(point, 1))
#define BITS(pair) packHalf2x16(pair)
#endif

void main() {
    if (first_unit >= units) return;
    const int from = 0;
    int to = (rows + K4 - 1) / K4;

    // Of rows, units and tiles past the last something is fetched that nobody multiplies, or keeps.
    int a_row[A_EACH], a_place[A_EACH];
    ivec2 a_to[A_EACH];
    for (int u = 0; u < A_EACH; u++) {
        int at = me + u * THREADS, unit = at % (WORK_M / EACH);
        a_row[u] = at / (WORK_M / EACH);
        a_place[u] = seen_place(point, 0, min(first_unit + unit, units - 1));
        a_to[u] = ivec2(unit / THREADS_M, a_row[u] * THREADS_M + unit % THREADS_M);
    }
    int b_row[B_EACH], b_place[B_EACH];
    ivec3 b_to[B_EACH];
    for (int u = 0; u < B_EACH; u++) {
        int at = me + u * THREADS, tile = at / 4 % (WORK_N / 4);
        b_row[u] = at / WORK_N;
        b_place[u] = weight_place(point, 0, min(first_tile + tile, turned_tiles - 1), at % 4);
        b_to[u] = ivec3(at % 4, tile / THREADS_N, b_row[u] * THREADS_N + tile % THREADS_N);
    }

#if RUN == 0
    vec4 sum[THREAD_M * DEEP];
    for (int i = 0; i < THREAD_M * DEEP; i++) sum[i] = vec4(0.0);
#endif
#include "lib/few_copies.glsl"
    Point a_next[A_EACH];
    Point b_next[B_EACH];
    // Step `from - 1` multiplies nothing; it only fetches the first pair of copies.
    for (int step = from - 1; step < to; step++) {
        bool more = step + 1 < to;
        if (more) {
            int k = (step + 1) * K4;
            for (int u = 0; u < A_EACH; u++) a_next[u] = u_points[a_place[u] + min(k + a_row[u], rows - 1) * units];
            for (int u = 0; u < B_EACH; u++) {
                b_next[u] = u_points[b_place[u] + min(k + b_row[u], rows - 1) * turned_tiles * 4];
            }
        }
        if (step >= from) {
#include "lib/multiply_rows.glsl"
        }
        if (more) {
            int a_next_at = (step + 1 & 1) * A_SIZE;
            int b_next_at = (step + 1 & 1) * B_SIZE;
            for (int u = 0; u < A_EACH; u++) {
                if (A_UNITS % THREADS != 0 && me + u * THREADS >= A_UNITS) break;
                s_a[a_to[u].x][a_next_at + a_to[u].y] = COPY(a_next[u]);
            }
            for (int u = 0; u < B_EACH; u++) {
                if (B_UNITS % THREADS != 0 && me + u * THREADS >= B_UNITS) break;
                s_b[b_to[u].x][b_to[u].y][b_next_at + b_to[u].z] = COPY(b_next[u]);
            }
        }
        barrier();
    }

    for (int n = 0; n < DEEP; n++) {
        int tile = first_tile + row + n * THREADS_N;
        for (int i = 0; i < THREAD_M / EACH; i++) {
            int unit = first_unit + column + i * THREADS_M, at = i * DEEP + n;
            if (tile >= turned_tiles || unit >= units) continue;
#if RUN > 0
            uvec4 made = uvec4(BITS(all[at * 4]), BITS(all[at * 4 + 1]), BITS(all[at * 4 + 2]), BITS(all[at * 4 + 3]));
#else
            vec4 made = sum[at];
#endif
            u_points[product_place(point, tile, unit)] = made;
        }
    }
}
