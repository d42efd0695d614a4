// A block of a weight's gradient: OUT tiles of output channels × four input channels × ACROSS taps of a row, so that a texel of
// the gradient is read once for all taps, and one of x once for 4 * OUT output channels.
//
// The line of blocks counts taps of a row, rows of taps, and tiles of input channels; groups along z count OUT output tiles.
// PARTS invocations share the rows of a block among them, and add up what they have in shared memory. The operator's file
// says what lies behind x's border (`source`).

layout(local_size_x = LANES) in;

#define CHUNKS ((KERNEL_SIZE_W + ACROSS - 1) / ACROSS)
#define SUMS (OUT * ACROSS * 4)

#if PARTS > 1
shared vec4 s_sums[LANES];
#endif

void main() {
    int me = int(gl_LocalInvocationIndex);
    int at = int((gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x) * uint(LANES / PARTS)) + me / PARTS;
    int part = me % PARTS;
    int rows = at / CHUNKS, first_tap = (at - rows * CHUNKS) * ACROSS;
    int input_tile = rows / KERNEL_SIZE_H, ky = rows - input_tile * KERNEL_SIZE_H;
    int tile = int(gl_WorkGroupID.z) * OUT;
    int last = (u_shape.x + 3) / 4 - 1;
    bool live = input_tile * 4 < u_shape0.x;

    vec4 sum[SUMS];
    for (int n = 0; n < SUMS; n++) sum[n] = vec4(0.0);
    for (int y = part; live && y < u_shape1.y; y += PARTS) {
        for (int x = 0; x < u_shape1.z; x++) {
            vec4 grad[OUT];
            for (int o = 0; o < OUT; o++) grad[o] = read1(min(tile + o, last), ivec2(x, y));
            for (int tap = 0; tap < ACROSS; tap++) {
                ivec2 q = ivec2(x, y) * ivec2(STRIDE_W, STRIDE_H) - ivec2(PADDING_W, PADDING_H);
                q += ivec2((first_tap + tap) * DILATION_W, ky * DILATION_H);
                bool used = source(q);
                // Loaded whether used or not: a branch around it takes longer, and past the edge nothing can go wrong.
                vec4 value = mix(vec4(0.0), read0(input_tile, q), bvec4(used));
                for (int o = 0; o < OUT; o++) {
                    int n = (o * ACROSS + tap) * 4;
                    sum[n] += grad[o] * value.x;
                    sum[n + 1] += grad[o] * value.y;
                    sum[n + 2] += grad[o] * value.z;
                    sum[n + 3] += grad[o] * value.w;
                }
            }
        }
    }
    for (int n = 0; n < SUMS; n++) {
#if PARTS > 1
        barrier();
        s_sums[me] = sum[n];
        barrier();
        if (part != n % PARTS) continue;
        sum[n] = vec4(0.0);
        for (int other = 0; other < PARTS; other++) sum[n] += s_sums[me - part + other];
#endif
        int o = n / (ACROSS * 4), tap = n / 4 % ACROSS, channel = input_tile * 4 + n % 4;
        if (!live || tile + o > last || first_tap + tap >= KERNEL_SIZE_W || channel >= u_shape0.x) continue;
        store(tile + o, ivec2(first_tap + tap, channel * KERNEL_SIZE_H + ky), sum[n]);
    }
}
