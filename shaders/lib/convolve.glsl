// One texel of a convolution. The operator's file says which tap of output place p is the first and how far apart
// the others are (`first_tap`, TAP_STEP_*), where tap k reads the input (`source`), and how (`input_value`).

vec4 texel(int tile, ivec2 p) {
    vec4 sum = vectors(0, tile);
    int first = first_input_tile(tile);
    int count = input_tiles(first);
    ivec2 start = first_tap(p);
    for (int ky = start.y; ky < KERNEL_SIZE_H; ky += TAP_STEP_H) {
        for (int kx = start.x; kx < KERNEL_SIZE_W; kx += TAP_STEP_W) {
            ivec2 q;
            if (!source(p, ivec2(kx, ky), q)) continue;
            for (int j = 0; j < count; j++) {
                sum += times_kernel(input_value(first + j, q), kernel_place(tile, j, ky * KERNEL_SIZE_W + kx));
            }
        }
    }
    return sum;
}
