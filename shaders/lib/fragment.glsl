// Runs `texel` once for every texel of an atlas, as a fragment shader.

out vec4 o_texel;

void main() {
    ivec2 at = ivec2(gl_FragCoord.xy);
    ivec2 cell = at / u_shape.zy;
    int tile = cell.y * u_shape.w + cell.x;
    vec4 value = tile * 4 < u_shape.x ? texel(tile, at - cell * u_shape.zy) : vec4(0.0);
    o_texel = mix(vec4(0.0), value, live_lanes(u_shape, tile));
}
