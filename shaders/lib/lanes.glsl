// A texel whose lanes come from anywhere in the input: the operator's file gives `value(channel, place)`.

vec4 texel(int tile, ivec2 p) {
    vec4 gathered = vec4(0.0);
    for (int lane = 0; lane < 4 && tile * 4 + lane < u_shape.x; lane++) gathered[lane] = value(tile * 4 + lane, p);
    return gathered;
}
