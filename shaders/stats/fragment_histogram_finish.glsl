// Pass 4 of the fragment statistics: the shares of each bin added up.
uniform usampler2D u_counts;
out uvec4 o_counts;

void main() {
    uvec4 counts = uvec4(0u);
    for (int y = 0; y < SLABS; y++) counts += texelFetch(u_counts, ivec2(int(gl_FragCoord.x), y), 0);
    o_counts = counts;
}
