// A filter sheet from the tensor as it lies on the device; both are drawn in studio/model/networks/layout.py and gradient.py.
out vec4 o_texel;

void main() {
    ivec2 at = ivec2(gl_FragCoord.xy);
#if VECTOR
    o_texel = vec4(read0(at.x / 4, ivec2(0))[at.x % 4]);
#else
    ivec2 kernel = at / ivec2(KW, KH), tap = at - kernel * ivec2(KW, KH);
    o_texel = vec4(read0(kernel.y / 4, ivec2(tap.x, kernel.x * KH + tap.y))[kernel.y % 4]);
#endif
}
