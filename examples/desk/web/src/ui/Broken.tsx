import { Component, type ReactNode } from 'react';
import { WordsContext, type Words } from '../words/words';
import { Button, Notice } from './controls';

/** A part that broke says so and can be loaded again; the rest of the page, and a call, go on. */
export class Broken extends Component<{ children: ReactNode }, { broke: boolean }> {
  static override contextType = WordsContext;
  declare context: Words;
  override state = { broke: false };

  static getDerivedStateFromError() { return { broke: true }; }

  override render() {
    if (!this.state.broke) return this.props.children;
    const words = this.context;
    return <div className="page"><Notice tone="bad" action={<Button small onClick={() => this.setState({ broke: false })}>{words.problem.reload}</Button>}>{words.problem.crashed}</Notice></div>;
  }
}
