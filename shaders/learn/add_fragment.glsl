// So much of a map, which blending adds to another.
out vec4 o_texel;
uniform sampler2D u_grad;
uniform float u_share;

void main() {
    o_texel = u_share * texelFetch(u_grad, ivec2(gl_FragCoord.xy), 0);
}
