// Packed kernels into a texture.
out vec4 o_texel;

void main() {
    ivec2 at = ivec2(gl_FragCoord.xy);
    int cell = at.x / 4, j = cell / CELLS, out_tile = at.y / FOLDS;
    int tile = (at.y - out_tile * FOLDS) * u_kernel_layout.y + j;
    o_texel = tile < u_kernel_layout.x ? packed_kernel(out_tile, tile, cell - j * CELLS, at.x % 4) : vec4(0.0);
}
