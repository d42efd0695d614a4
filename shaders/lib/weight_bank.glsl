// The gradient of a weight as a fragment shader: each fragment sums up four output channels of one tap for the four channels
// of an input tile, each into a target of its own, so that a texel of either map is read once for sixteen products.

layout(location = 0) out vec4 o_bank[4];

uniform ivec4 u_blocks;  // the shape of a bank: output channels, rows of taps of every input tile, taps of a row

void main() {
    ivec2 at = ivec2(gl_FragCoord.xy);
    ivec2 part = at / u_blocks.zy;
    int tile = part.y * u_blocks.w + part.x;
    ivec2 place = at - part * u_blocks.zy;
    int input_tile = place.y / KERNEL_SIZE_H;
    ivec2 tap = ivec2(place.x, place.y - input_tile * KERNEL_SIZE_H) * ivec2(DILATION_W, DILATION_H);
    tap -= ivec2(PADDING_W, PADDING_H);
    vec4 sum[4] = vec4[4](vec4(0.0), vec4(0.0), vec4(0.0), vec4(0.0));
    ivec2 grads = tile_origin(u_shape1, tile), inputs = tile_origin(u_shape0, input_tile);
    for (int y = 0; tile * 4 < u_shape.x && y < u_shape1.y; y++) {
        vec4 row[4] = vec4[4](vec4(0.0), vec4(0.0), vec4(0.0), vec4(0.0));
        for (int x = 0; x < u_shape1.z; x++) {
            ivec2 q = ivec2(x, y) * ivec2(STRIDE_W, STRIDE_H) + tap;
            bool used = source(q);
            // Read whether used or not: a branch around it takes longer, and past the edge nothing can go wrong.
            vec4 value = mix(vec4(0.0), fetch0(inputs + q), bvec4(used)), grad = fetch1(grads + ivec2(x, y));
            for (int lane = 0; lane < 4; lane++) row[lane] += grad * value[lane];
        }
        for (int lane = 0; lane < 4; lane++) sum[lane] += row[lane];
    }
    for (int lane = 0; lane < 4; lane++) o_bank[lane] = sum[lane];
}
