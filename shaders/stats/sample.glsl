// A few values of an atlas, channel by channel from u_first on, from the top: those of the columns u_xs and the rows u_ys.

uniform sampler2D u_values;
uniform isampler2D u_xs, u_ys;
uniform ivec4 u_shape;
uniform int u_first;

out float o_value;

void main() {
    ivec2 at = ivec2(gl_FragCoord.xy);
    int rows = textureSize(u_ys, 0).x;
    int line = at.y / rows, channel = u_first + line;
    int x = texelFetch(u_xs, ivec2(at.x, 0), 0).x;
    int y = texelFetch(u_ys, ivec2(at.y - line * rows, 0), 0).x;
    o_value = texelFetch(u_values, tile_origin(u_shape, channel / 4) + ivec2(x, y), 0)[channel & 3];
}
